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
    /// What the athlete may name beside the library.
    var ownExercises: [ExerciseCatalog.Entry] = []
}
