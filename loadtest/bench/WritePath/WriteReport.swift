import Histogram

/// What became of one rate.
struct WriteReport: Sendable {
    let rate: Int
    let seconds: Int
    var tally: Lifters.Tally
    /// Items that waited for Postgres, ten times a second.
    var levels: [Int] = []

    /// The median of the queue's last third stays within a batch or so of its first third's.
    private var grew: Bool {
        guard levels.count >= 9 else { return false }
        return median(levels.suffix(levels.count / 3)) > 2 * median(levels.prefix(levels.count / 3)) + 1024
    }

    var holds: Bool {
        tally.refused == 0 && tally.notDurable == 0 && tally.taken >= rate * seconds / 100 * 99 && !grew
    }

    static let heading =
        ["sets/s", "seconds", "taken", "refused", "p50 ms", "p99 ms", "queue p50", "queue max", "holds"]
        .map(column).joined()

    var line: String {
        [
            "\(rate)", "\(seconds)", "\(tally.taken)", "\(tally.refused)", Self.milliseconds(tally.durable, 50),
            Self.milliseconds(tally.durable, 99),
            "\(median(levels[...]))", "\(levels.max() ?? 0)", holds ? "yes" : "NO",
        ].map(Self.column).joined()
    }

    private func median(_ values: ArraySlice<Int>) -> Int { values.isEmpty ? 0 : values.sorted()[values.count / 2] }

    static func milliseconds(_ times: Histogram<UInt64>, _ percentile: Double) -> String {
        times.totalCount == 0 ? "-" : "\(Double(times.valueAtPercentile(percentile) / 10) / 100)"
    }

    private static func column(_ text: String) -> String {
        String(repeating: " ", count: max(1, 11 - text.utf8.count)) + text
    }
}
