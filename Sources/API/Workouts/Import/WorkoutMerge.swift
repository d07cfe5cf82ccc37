import Protocol

/// What a log tells of a workout beyond what is stored of it, as ops for its room.
///
/// A set is known by its place in the log. One that is missing here is added; one that is here as it was imported takes
/// the log's values; one that was changed or deleted here, or whose exercise was removed, stays as it is.
struct WorkoutMerge {
    /// What came of the log's sets.
    struct Counts {
        var added = 0
        var changed = 0
        var kept = 0
        var refused = 0
    }

    /// The ops by which the import adds or changes one set, whether it has to, did so at an earlier try or does not.
    private struct SetOps {
        let add: OpID
        let change: OpID
    }

    private(set) var ops: [WorkoutOp] = []
    private var sets: [SetOps] = []

    /// - Parameter id: of the import; each of its attempts gives the same ops the same ids, and no other import does, so
    ///   that a value which was imported before can come back.
    init(of workout: LoggedWorkout, into state: WorkoutState, by id: WorkoutImportID) {
        var entries = Set(state.entries.map(\.id))
        let removed = Set(state.entries.filter(\.isRemoved).map(\.id))
        for set in workout.sets {
            let own = SetOps(
                add: id.derived("add", place: "\(set.id)"),
                change: id.derived("change", place: "\(set.id) \(set.values)"))
            sets.append(own)
            if let (entry, place) = state.position(ofSet: set.id) {
                let stored = state.entries[entry].sets[place]
                let isTouched =
                    stored.isDeleted || state.entries[entry].isRemoved || stored.changedAt != stored.loggedAt
                guard !isTouched, stored.values != set.values else { continue }
                // At the set's own time: the next import still sees a set that nobody changed here.
                ops.append(WorkoutOp(id: own.change, at: stored.loggedAt, action: .updateSet(set.id, set.values)))
            } else if !removed.contains(set.entry.id) {
                if entries.insert(set.entry.id).inserted {
                    let entry = id.derived("entry", place: "\(set.entry.id)")
                    ops.append(WorkoutOp(id: entry, at: workout.startedAt, action: .addEntry(set.entry)))
                }
                let time = workout.state.position(ofSet: set.id).map {
                    workout.state.entries[$0.entry].sets[$0.set].loggedAt
                }
                let action = WorkoutAction.logSet(set.id, entry: set.entry.id, set.values)
                ops.append(WorkoutOp(id: own.add, at: time ?? workout.startedAt, action: action))
            }
        }
    }

    /// The ids of all ops by which the import adds or changes sets, those of earlier attempts included.
    var setOps: [OpID] { sets.flatMap { [$0.add, $0.change] } }

    /// What came of the sets when the ops of `done` took effect and those of `refused` were not taken.
    func counts(done: Set<OpID>, refused: Set<OpID> = []) -> Counts {
        var counts = Counts()
        for set in sets {
            if done.contains(set.add) {
                counts.added += 1
            } else if done.contains(set.change) {
                counts.changed += 1
            } else if refused.contains(set.add) || refused.contains(set.change) {
                counts.refused += 1
            } else {
                counts.kept += 1
            }
        }
        return counts
    }
}
