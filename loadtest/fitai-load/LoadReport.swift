import Histogram
import Protocol

/// The figures of one run.
struct LoadReport {
    let plan: LiveCommand
    let outcome: LoadGenerator.Outcome

    /// Whether every watcher saw every event once, in order, and every op became durable.
    var isSound: Bool {
        outcome.tally.holes == 0 && outcome.tally.repeats == 0 && outcome.missingAtEnd == 0
            && outcome.unfinishedAthletes == 0 && outcome.openWatchers == plan.watchers
    }

    private var figures: [(name: String, histogram: Histogram<UInt64>)] {
        [
            ("applied", outcome.tally.applied), ("durable", outcome.tally.durable),
            ("delivered", outcome.tally.delivered),
        ]
    }

    var text: String {
        var lines = [
            "\(plan.athletes) athletes, \(plan.watchers) watchers, \(plan.rate) sets/s for \(plan.seconds) s "
                + "(connected in \(rounded(outcome.connectSeconds)) s)",
            "sent \(outcome.tally.sent) sets, again after refusals \(outcome.tally.resent), "
                + "delivered \(outcome.tally.delivered.totalCount) events "
                + "(\(rounded(Double(outcome.tally.delivered.totalCount) / Double(plan.seconds)))/s)",
            "", column("ms") + ["count", "p50", "p90", "p99", "p99.9", "max"].map(column).joined(),
        ]
        for (name, histogram) in figures where histogram.totalCount > 0 {
            lines.append(
                column(name) + column("\(histogram.totalCount)")
                    + [50, 90, 99, 99.9].map { column(milliseconds(histogram.valueAtPercentile($0))) }.joined()
                    + column(milliseconds(histogram.maxRecorded)))
        }
        lines.append("")
        lines.append(
            "holes \(outcome.tally.holes), repeats \(outcome.tally.repeats), missing at the end "
                + "\(outcome.missingAtEnd), watchers still open \(outcome.openWatchers), "
                + "athletes with ops not durable \(outcome.unfinishedAthletes)")
        for (code, count) in outcome.tally.refusals.sorted(by: { $0.key < $1.key }) {
            lines.append("refused \(code): \(count)")
        }
        for (why, count) in outcome.tally.closes.sorted(by: { $0.key < $1.key }) {
            lines.append("closed \(why): \(count)")
        }
        lines.append(isSound ? "sound" : "NOT SOUND")
        return lines.joined(separator: "\n")
    }

    /// The same for machines; latencies in microseconds.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("athletes", plan.athletes)
            writer.member("watchers", plan.watchers)
            writer.member("rateMillis", Int64(plan.rate * 1000))
            writer.member("seconds", plan.seconds)
            writer.member("sent", outcome.tally.sent)
            writer.member("resent", outcome.tally.resent)
            writer.member("holes", outcome.tally.holes)
            writer.member("repeats", outcome.tally.repeats)
            writer.member("missingAtEnd", outcome.missingAtEnd)
            writer.member("openWatchers", outcome.openWatchers)
            writer.member("unfinishedAthletes", outcome.unfinishedAthletes)
            writer.member("sound", isSound)
            for (name, histogram) in figures {
                writer.name(name)
                writer.object { writer in
                    writer.member("count", histogram.totalCount)
                    guard histogram.totalCount > 0 else { return }
                    writer.member("p50", histogram.valueAtPercentile(50))
                    writer.member("p90", histogram.valueAtPercentile(90))
                    writer.member("p99", histogram.valueAtPercentile(99))
                    writer.member("p999", histogram.valueAtPercentile(99.9))
                    writer.member("max", histogram.maxRecorded)
                }
            }
            writer.member("refusals") { counts(outcome.tally.refusals, &$0) }
            writer.member("closes") { counts(outcome.tally.closes, &$0) }
        }
        return writer.bytes
    }

    private func counts(_ counts: [String: Int], _ writer: inout JSONWriter) {
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
            writer.name(name)
            writer.integer(Int64(count))
        }
    }

    private func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    private func milliseconds(_ microseconds: UInt64) -> String { "\(Double(microseconds / 10) / 100)" }
    private func column(_ text: String) -> String {
        text + String(repeating: " ", count: max(1, 12 - text.utf8.count))
    }
}
