import Protocol

/// What ops make and what others name: tells which ops cannot work when one was refused.
struct OpTargets: Sendable {
    private var wholeWorkout = false
    private var ids: Set<UUIDv7> = []

    init(madeBy action: WorkoutAction) {
        switch action {
        case .plan, .start: wholeWorkout = true
        case .addEntry(let details): ids = [details.id]
        case .logSet(let id, _, _): ids = [id]
        default: break
        }
    }

    var isEmpty: Bool { !wholeWorkout && ids.isEmpty }

    mutating func formUnion(_ other: OpTargets) {
        wholeWorkout = wholeWorkout || other.wholeWorkout
        ids.formUnion(other.ids)
    }

    func contains(targetOf action: WorkoutAction) -> Bool {
        if wholeWorkout { return true }
        return switch action {
        case .updateEntry(let details): ids.contains(details.id)
        case .removeEntry(let id), .deleteSet(let id): ids.contains(id)
        case .reorderEntries(let entries): !ids.isDisjoint(with: entries)
        case .logSet(_, let entry, _): ids.contains(entry)
        case .updateSet(let id, _): ids.contains(id)
        case .note(let entry, _, _): entry.map(ids.contains) ?? false
        case .plan, .start, .pause, .resume, .complete, .abandon, .delete, .update, .addEntry, .startRest, .skipRest:
            false
        }
    }
}
