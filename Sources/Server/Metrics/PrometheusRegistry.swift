import CoreMetrics
import Synchronization

/// Holds every metric of the process and renders them in the Prometheus text format 0.0.4.
///
/// A swift-metrics label is the Prometheus name, its dimensions are the labels; timers are histograms in seconds.
/// At most `seriesLimit` series are kept: later ones count nowhere and `fitai_metrics_dropped_series` says how many.
package final class PrometheusRegistry: MetricsFactory {
    package static let seriesLimit = 10_000

    enum Series {
        case counter(PrometheusCounter)
        case gauge(PrometheusGauge)
        case histogram(PrometheusHistogram)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct State {
        var families: [String: [String: Series]] = [:]
        var count = 0
        var dropped = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let series = series(label, dimensions) { .counter(PrometheusCounter()) }
        guard case .counter(let counter) = series else { preconditionFailure("\(label) is a \(series.type)") }
        return counter
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { gauge(label, dimensions) }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions, PrometheusHistogram.sizeBounds) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, PrometheusHistogram.durationBounds)
    }

    // Series live as long as the process: a counter that vanished and came back would look like a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// All series, by name and then by labels.
    package func rendered() -> String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            guard let type = family.first?.value.type else { continue }
            text.type(name, type)
            for (labels, series) in family.sorted(by: { $0.key < $1.key }) { text.series(name, labels, series) }
        }
        text.type("fitai_metrics_dropped_series", "gauge")
        text.sample("fitai_metrics_dropped_series", "", Double(dropped))
        return text.text
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let series = series(label, dimensions) { .gauge(PrometheusGauge()) }
        guard case .gauge(let gauge) = series else { preconditionFailure("\(label) is a \(series.type)") }
        return gauge
    }

    private func histogram(
        _ label: String, _ dimensions: [(String, String)], _ bounds: [Double]
    ) -> PrometheusHistogram {
        let series = series(label, dimensions) { .histogram(PrometheusHistogram(bounds: bounds)) }
        guard case .histogram(let histogram) = series else { preconditionFailure("\(label) is a \(series.type)") }
        return histogram
    }

    private func series(_ label: String, _ dimensions: [(String, String)], _ make: () -> Series) -> Series {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            if let known = state.families[name]?[labels] { return known }
            let new = make()
            guard state.count < Self.seriesLimit else {
                state.dropped += 1
                return new
            }
            state.count += 1
            state.families[name, default: [:]][labels] = new
            return new
        }
    }
}
