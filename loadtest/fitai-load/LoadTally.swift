import Histogram

/// What one event loop has measured; microseconds.
struct LoadTally: Sendable {
    var applied = LoadTally.histogram
    var durable = LoadTally.histogram
    var delivered = LoadTally.histogram
    var sent = 0
    var resent = 0
    /// Events that a watcher missed, or saw again.
    var holes = 0
    var repeats = 0
    /// Refusals by code, closes by what happened.
    var refusals: [String: Int] = [:]
    var closes: [String: Int] = [:]

    private static var histogram: Histogram<UInt64> {
        var histogram = Histogram<UInt64>(highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: .three)
        histogram.autoResize = true
        return histogram
    }

    mutating func add(_ other: LoadTally) {
        applied.add(other.applied)
        durable.add(other.durable)
        delivered.add(other.delivered)
        sent += other.sent
        resent += other.resent
        holes += other.holes
        repeats += other.repeats
        refusals.merge(other.refusals, uniquingKeysWith: +)
        closes.merge(other.closes, uniquingKeysWith: +)
    }
}
