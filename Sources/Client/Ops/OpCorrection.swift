import Protocol

// What an athlete's correction makes of an op that the server refused or never got.
extension WorkoutAction {
    /// What this op is to make, made as a later op changes it; nil when that one changes nothing of it.
    func corrected(by correction: WorkoutAction) -> WorkoutAction? {
        switch (self, correction) {
        case (.logSet(let id, let entry, _), .updateSet(let other, let values)) where id == other:
            .logSet(id, entry: entry, values)
        case (.addEntry(let details), .updateEntry(let change)) where details.id == change.id:
            .addEntry(details.corrected(by: change))
        case (.start(let details), .update(let change)) where change.endedAt == nil:
            .start(details.corrected(by: change))
        case (.plan(let details), .update(let change)) where change.endedAt == nil: .plan(details.corrected(by: change))
        default: nil
        }
    }

    /// Whether this deletes one of these.
    func takesBack(_ made: OpTargets) -> Bool {
        switch self {
        case .deleteSet(let id), .removeEntry(let id): made.ids.contains(id)
        case .delete, .abandon: made.isWorkout
        default: false
        }
    }

    /// Whether the server may take this: its values are within their bounds.
    var isWithinBounds: Bool {
        do throws(Refusal) { try checkBounds() } catch { return false }
        return true
    }
}

extension EntryDetails {
    fileprivate func corrected(by change: EntryDetails) -> EntryDetails {
        var details = self
        details.supersetGroup = change.supersetGroup
        details.restMilliseconds = change.restMilliseconds
        return details
    }
}

extension WorkoutDetails {
    fileprivate func corrected(by change: WorkoutDetails) -> WorkoutDetails {
        WorkoutDetails(
            name: change.name ?? name, visibility: change.visibility ?? visibility,
            plannedFor: change.plannedFor ?? plannedFor, startedAt: change.startedAt ?? startedAt, endedAt: endedAt)
    }
}
