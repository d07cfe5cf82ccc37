import Protocol

/// A workout as it was read from Postgres under a new epoch.
struct LoadedWorkout: Sendable {
    let id: WorkoutID
    let athlete: Member
    var history: RoomHistory
    let baseline: RecordBaseline
    /// The athlete's latest; nil when it was never measured.
    let bodyWeightGrams: Int64?
    let privacy: Privacy
    /// The athlete lets nobody watch.
    let isClosed: Bool
    let removedWatchers: Set<UserID>
    /// Whose cheers reach nobody.
    let mutedWatchers: Set<UserID>
    /// Ops that Postgres had refused although they were valid, and that nobody has dealt with yet.
    let rejected: Set<OpID>
    /// What it occupies, until its room counts it.
    let memory: ReadingMemory
    /// What the athlete may name beside the library; nil for one look, which names nothing.
    var ownExercises: OwnExercises?

    /// About what its room will occupy.
    var bytes: Int {
        history.bytes + baseline.bytes + 48 * (removedWatchers.count + mutedWatchers.count + rejected.count)
    }
}

extension RecordBaseline {
    /// About what it occupies in memory.
    var bytes: Int { 96 * bests.count }
}
