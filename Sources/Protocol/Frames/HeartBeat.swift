/// What a sensor tells of the heart at one moment.
public struct HeartBeat: Sendable, Hashable {
    /// Beats a minute, 20…300.
    public var bpm: Int64
    /// Intervals between the latest beats in milliseconds, oldest first: at most 16 of 100…5000.
    public var rr: [Int64]

    /// Intervals that one frame, and one stored second, may hold.
    public static let intervalLimit = 16

    public init(bpm: Int64, rr: [Int64] = []) {
        self.bpm = bpm
        self.rr = rr
    }
}

extension HeartBeat {
    init(_ fields: Fields) throws(Refusal) {
        bpm = try fields.required("bpm", fields.integer("bpm"))
        guard (20...300).contains(bpm) else { throw Refusal(.invalid, "bpm must be 20…300") }
        rr = try fields.integers("rr")
        guard rr.count <= Self.intervalLimit, rr.allSatisfy({ (100...5000).contains($0) }) else {
            throw Refusal(.invalid, "rr must be at most \(Self.intervalLimit) whole milliseconds of 100…5000")
        }
    }
}
