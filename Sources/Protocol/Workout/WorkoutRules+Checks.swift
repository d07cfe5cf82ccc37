extension WorkoutState {
    /// Earliest time an op may carry: 2000-01-01.
    static let earliestTime = Timestamp(milliseconds: 946_684_800_000)

    /// Refuses an op that is out of bounds, aims at nothing or does not fit the workout's status.
    func check(_ op: WorkoutOp, _ context: RuleContext) throws(Refusal) {
        guard op.at >= Self.earliestTime else { throw Refusal(.invalid, "at lies before 2000-01-01") }
        if status == .deleted { throw Refusal(.deleted, "the workout is deleted") }
        try op.action.checkBounds()
        try checkStatus(op, context)
        // A full workout can still be ended, which each of them does at most once.
        switch op.action {
        case .complete, .abandon, .delete: break
        default:
            guard context.lastSeq < Self.eventLimit else {
                throw Refusal(.limitReached, "a workout holds at most \(Self.eventLimit) events")
            }
        }
        switch op.action {
        case .plan(let details), .start(let details), .update(let details): try check(details)
        case .complete, .pause, .resume, .abandon, .delete: break
        default: try checkContent(op.action, context)
        }
    }

    private func checkStatus(_ op: WorkoutOp, _ context: RuleContext) throws(Refusal) {
        let action = op.action
        let allowed: Bool =
            switch action {
            case .plan: status == .new
            case .start: status == .new || status == .planned
            // What was refused once stays refused, also when it is repeated after another device's pause or resumption.
            case .pause: status == .active && !context.isBeforePauseChange(op.at)
            case .resume: status == .paused && !context.isBeforePauseChange(op.at)
            case .complete, .abandon, .startRest: status.isOpen
            case .skipRest: status.isOpen || status == .completed
            case .logSet: status != .planned
            default: true
            }
        if status == .new, action.kind != .workoutStart, action.kind != .workoutPlan {
            throw Refusal(.unknownTarget, "the workout is not known")
        }
        if !allowed, status.isOpen, context.isBeforePauseChange(op.at) {
            throw Refusal(.invalidState, "the workout was paused or resumed after that")
        }
        guard allowed else {
            throw Refusal(.invalidState, "\(action.kind.rawValue) does not fit a workout that is \(status.rawValue)")
        }
    }

    private func checkContent(_ action: WorkoutAction, _ context: RuleContext) throws(Refusal) {
        switch action {
        case .addEntry(let details): try checkNew(details, context)
        case .updateEntry(let details): try known(details.id)
        case .removeEntry(let id): try known(id)
        case .reorderEntries(let ids): for id in ids { try known(id) }
        case .logSet(let id, let entry, _):
            try known(entry)
            if position(ofSet: id) != nil || context.vanishedSets.contains(id) {
                throw Refusal(.idTaken, "setId is in use in this workout")
            }
            let count = entries.reduce(0) { $0 + $1.sets.count }
            guard count < Self.setLimit else {
                throw Refusal(.limitReached, "a workout holds at most \(Self.setLimit) sets")
            }
        case .updateSet(let id, _), .deleteSet(let id):
            if !context.vanishedSets.contains(id) { try known(set: id) }
        case .note(let entry, _, _): if let entry { try known(entry) }
        default: break
        }
    }

    private func checkNew(_ details: EntryDetails, _ context: RuleContext) throws(Refusal) {
        if position(ofEntry: details.id) != nil { throw Refusal(.idTaken, "entryId is in use in this workout") }
        guard entries.count < Self.entryLimit else {
            throw Refusal(.limitReached, "a workout holds at most \(Self.entryLimit) exercises")
        }
        guard details.exerciseId == nil || context.exercise != nil else {
            throw Refusal(.invalid, "there is no such exercise")
        }
    }

    /// - Parameter details: with the times that `clamped` leaves.
    private func check(_ details: WorkoutDetails) throws(Refusal) {
        if details.endedAt != nil, status != .completed, status != .abandoned {
            throw Refusal(.invalidState, "endedAt belongs to a workout that has ended")
        }
        if let start = details.startedAt ?? startedAt, let end = details.endedAt ?? endedAt, end < start {
            throw Refusal(.invalid, "endedAt lies before startedAt")
        }
    }

    private func known(_ entry: EntryID) throws(Refusal) {
        if position(ofEntry: entry) == nil { throw Refusal(.unknownTarget, "the exercise entry is not known") }
    }

    private func known(set id: SetID) throws(Refusal) {
        if position(ofSet: id) == nil { throw Refusal(.unknownTarget, "the set is not known") }
    }
}
