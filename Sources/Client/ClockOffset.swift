import Protocol

/// Measures how far the server's clock is ahead of this one, from round trips (as in RFC 5905: the shortest is best).
public struct ClockOffset: Sendable {
    private static let kept = 8
    private var samples: [(offset: Int64, roundTrip: Int64)] = []

    public init() {}

    /// Takes a round trip in: sent at t0 and answered at t3 by this clock, received at t1 and sent at t2 by the server's.
    ///
    /// All in Unix milliseconds; a trip that seems to take negative time (a clock was set), or whose times are of no
    /// calendar, is left out.
    public mutating func add(t0: Int64, t1: Int64, t2: Int64, t3: Int64) {
        guard [t0, t1, t2, t3].allSatisfy({ Timestamp(checking: $0) != nil }) else { return }
        let roundTrip = (t3 - t0) - (t2 - t1)
        guard t3 >= t0, t2 >= t1, roundTrip >= 0 else { return }
        samples.append((((t1 - t0) + (t2 - t3)) / 2, roundTrip))
        if samples.count > Self.kept { samples.removeFirst() }
    }

    /// The server's clock minus this one, from the shortest of the last 8 trips; nil before the first.
    public var offset: Duration? {
        samples.min { $0.roundTrip < $1.roundTrip }.map { .milliseconds($0.offset) }
    }

    /// How wrong `offset` may be: half of its trip.
    public var uncertainty: Duration? {
        samples.map(\.roundTrip).min().map { .milliseconds($0 / 2) }
    }
}
