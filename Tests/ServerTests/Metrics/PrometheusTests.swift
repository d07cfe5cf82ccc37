import CoreMetrics
import Testing

@testable import Server

@Suite("Prometheus metrics")
struct PrometheusTests {
    /// The value of one sample in rendered text.
    private func sample(_ name: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }

    @Test("counters, gauges and timers come out under their names, labels sorted")
    func values() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "fitai_closes_total", dimensions: [("node", "a"), ("code", "4001")]).increment(
            by: 3)
        registry.makeMeter(label: "fitai_connections", dimensions: []).set(Int64(12))
        registry.makeRecorder(label: "fitai_queue_bytes", dimensions: [], aggregate: false).record(1.5)
        let timer = registry.makeTimer(label: "fitai_lag_seconds", dimensions: [])
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(90_000_000_000)
        let text = registry.rendered()
        #expect(sample(#"fitai_closes_total{code="4001",node="a"}"#, in: text) == "3")
        #expect(sample("fitai_connections", in: text) == "12")
        #expect(sample("fitai_queue_bytes", in: text) == "1.5")
        #expect(sample(#"fitai_lag_seconds_bucket{le="0.001"}"#, in: text) == "0")
        #expect(sample(#"fitai_lag_seconds_bucket{le="0.0025"}"#, in: text) == "1")
        #expect(sample(#"fitai_lag_seconds_bucket{le="+Inf"}"#, in: text) == "2")
        #expect(sample("fitai_lag_seconds_count", in: text) == "2")
        #expect(sample("fitai_lag_seconds_sum", in: text) == "90.002")
        #expect(text.contains("# TYPE fitai_closes_total counter\n"))
        #expect(text.contains("# TYPE fitai_lag_seconds histogram\n"))
    }

    @Test("every line is a comment or a sample of the text format, each family has one TYPE line before its samples")
    func format() throws {
        let registry = PrometheusRegistry()
        for code in ["a\"b", "c\\d", "e\nf"] {
            registry.makeCounter(label: "odd-name.total", dimensions: [("code", code)]).increment(by: 1)
        }
        registry.makeTimer(label: "1_timer", dimensions: [("route", "/v1/x")]).recordNanoseconds(5)
        let text = registry.rendered() + ProcessMetrics.rendered()
        var families: Set<String> = []
        for line in text.split(separator: "\n") {
            if let type = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                #expect(families.insert(String(type.output.1)).inserted)
                continue
            }
            let pattern =
                /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)/
            let sample = try #require(line.wholeMatch(of: pattern), "no sample: \(line)")
            let name = String(sample.output.1)
            let family = ["_bucket", "_sum", "_count"].reduce(name) {
                $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0
            }
            #expect(families.contains(name) || families.contains(family), "no TYPE before \(line)")
        }
        #expect(families.contains("odd_name_total") && families.contains("_1_timer"))
        #expect(families.contains("process_resident_memory_bytes"))
    }

    @Test("one name and labels is one series, however often it is asked for")
    func sameSeries() {
        let registry = PrometheusRegistry()
        for _ in 0..<5 { registry.makeCounter(label: "n_total", dimensions: [("a", "1")]).increment(by: 2) }
        #expect(registry.rendered().contains("n_total{a=\"1\"} 10\n"))
    }

    @Test("a gauge takes increments from many tasks without losing one")
    func concurrentIncrements() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let meter = registry.makeMeter(label: "level", dimensions: [])
                    for _ in 0..<10_000 { meter.increment(by: 1) }
                }
            }
        }
        #expect(registry.rendered().contains("level 40000\n"))
    }

    @Test("series beyond the limit are counted as dropped, and the others go on")
    func limit() {
        let registry = PrometheusRegistry()
        for index in 0...PrometheusRegistry.seriesLimit {
            registry.makeCounter(label: "many_total", dimensions: [("i", "\(index)")]).increment(by: 1)
        }
        let text = registry.rendered()
        #expect(text.contains("fitai_metrics_dropped_series 1\n"))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("many_total{") } == PrometheusRegistry.seriesLimit)
    }
}
