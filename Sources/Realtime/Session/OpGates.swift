import Protocol

/// The gates of a connection, by their rooms' names, and the bound of what they remember.
///
/// A gate without a room of the connection's own serves for what cannot be looked up, or is somebody else's. Beyond so many
/// of them, or when they remember too much together, those that were used least lately are forgotten; what builds on
/// something they had refused is `unknownTarget` again.
struct OpGates {
    static let roomlessLimit = 128
    /// What the refused ids of all gates may occupy, in bytes: those of one full gate fit in, and those of two hardly.
    static let refusedBytesLimit = 256 * 1024

    private struct Entry {
        let gate: OpGate
        var lastUse: Int
        /// What its refused ids occupy.
        var refusedBytes = 0
    }

    private var entries: [String: Entry] = [:]
    private var uses = 0
    private var refusedBytes = 0

    subscript(name: String) -> OpGate? { entries[name]?.gate }

    /// The gate of a workout, made if there is none.
    ///
    /// - Parameter isSpare: whether the gate of that name may be forgotten.
    mutating func gate(of workout: WorkoutID, _ name: String, isSpare: (String) -> Bool) -> OpGate {
        uses += 1
        if let known = entries[name]?.gate {
            entries[name]?.lastUse = uses
            return known
        }
        let spare = entries.filter { isSpare($0.key) }
        if spare.count >= Self.roomlessLimit { forgetOldest(of: spare) }
        let gate = OpGate(workout: workout, name: name)
        entries[name] = Entry(gate: gate, lastUse: uses)
        return gate
    }

    /// Counts anew what a gate remembers, and forgets others when that is too much.
    mutating func count(_ name: String, isSpare: (String) -> Bool) {
        guard let entry = entries[name] else { return }
        let bytes = entry.gate.refusedBytes
        guard bytes != entry.refusedBytes else { return }
        entries[name]?.refusedBytes = bytes
        refusedBytes += bytes - entry.refusedBytes
        guard refusedBytes > Self.refusedBytesLimit else { return }
        var spare = entries.filter { $0.key != name && $0.value.refusedBytes > 0 && isSpare($0.key) }
        while refusedBytes > Self.refusedBytesLimit, let oldest = forgetOldest(of: spare) { spare[oldest] = nil }
    }

    @discardableResult
    private mutating func forgetOldest(of spare: [String: Entry]) -> String? {
        guard let oldest = spare.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        entries[oldest.key] = nil
        refusedBytes -= oldest.value.refusedBytes
        return oldest.key
    }
}
