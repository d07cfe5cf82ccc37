import Protocol

/// What a log tells of a workout beyond what is stored of it, as ops for its room.
///
/// A set is known by its place in the log. One that is missing here is added; one that is here as it was imported takes
/// the log's values; one that was changed or deleted here stays as it is.
struct WorkoutMerge {
    private(set) var ops: [WorkoutOp] = []
    private(set) var addedSets = 0
    private(set) var changedSets = 0
    private(set) var keptSets = 0

    init(of workout: LoggedWorkout, into state: WorkoutState) {
        var entries = Set(state.entries.map(\.id))
        for set in workout.sets {
            if let (entry, place) = state.position(ofSet: set.id) {
                let stored = state.entries[entry].sets[place]
                let isTouched =
                    stored.isDeleted || state.entries[entry].isRemoved || stored.changedAt != stored.loggedAt
                guard !isTouched, stored.values != set.values else {
                    keptSets += 1
                    continue
                }
                changedSets += 1
                // At the set's own time: the next import still sees a set that nobody changed here.
                add(.updateSet(set.id, set.values), at: stored.loggedAt, "\(set.id) \(set.values)")
            } else {
                addedSets += 1
                if entries.insert(set.entry.id).inserted {
                    add(.addEntry(set.entry), at: workout.startedAt, "\(set.entry.id)")
                }
                let time = workout.state.position(ofSet: set.id).map {
                    workout.state.entries[$0.entry].sets[$0.set].loggedAt
                }
                add(.logSet(set.id, entry: set.entry.id, set.values), at: time ?? workout.startedAt, "\(set.id)")
            }
        }
    }

    /// The op's id follows from what it does, so that doing it again does nothing.
    private mutating func add(_ action: WorkoutAction, at time: Timestamp, _ purpose: String) {
        let hash = StableHash.of(Array("\(action.kind.rawValue) \(purpose)".utf8))
        let id = OpID.stamped(time, random: hash, tail: StableHash.of(Array("\(hash) tail".utf8)))
        ops.append(WorkoutOp(id: id, at: time, action: action))
    }
}
