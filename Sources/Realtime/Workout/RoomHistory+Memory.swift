import Protocol

extension RoomHistory {
    /// Bytes of durable events that are kept for resuming.
    static let ringBytesLimit = 1024 * 1024

    /// About what the history occupies in memory: events, the memory of op ids, ops that wait, and the state.
    var bytes: Int {
        4096 + ringBytes + 64 * ring.count + 96 * ops.count + 512 * undurable.count + 32 * vanishedSets.count
            + state.bytes
    }
}

extension WorkoutState {
    /// About what the state occupies in memory.
    fileprivate var bytes: Int {
        entries.reduce(note.bytes) { sum, entry in
            let muscles = 32 * (entry.primaryMuscles.count + entry.secondaryMuscles.count)
            return sum + 512 + entry.name.utf8.count + muscles + 256 * entry.sets.count + entry.note.bytes
        }
    }
}

extension WorkoutState.Note? {
    fileprivate var bytes: Int { self?.text?.utf8.count ?? 0 }
}
