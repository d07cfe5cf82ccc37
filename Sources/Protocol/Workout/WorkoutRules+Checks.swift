extension WorkoutState {
    /// Earliest time an op may carry: 2000-01-01.
    static let earliestTime = Timestamp(milliseconds: 946_684_800_000)

    /// Refuses an op that is out of bounds, aims at nothing or does not fit the workout's status.
    func check(_ op: WorkoutOp, _ context: RuleContext) throws(Refusal) {
        guard op.at >= Self.earliestTime else { throw Refusal(.invalid, "at lies before 2000-01-01") }
        if status == .deleted { throw Refusal(.deleted, "the workout is deleted") }
        try checkStatus(op.action)
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
        case .complete(let rpeTenths):
            if let rpeTenths, !(10...100).contains(rpeTenths) || rpeTenths % 5 != 0 {
                throw Refusal(.invalid, "rpe must be 1…10 in steps of 0.5")
            }
        case .pause, .resume, .abandon, .delete: break
        default: try checkContent(op.action, context)
        }
    }

    private func checkStatus(_ action: WorkoutAction) throws(Refusal) {
        let allowed: Bool =
            switch action {
            case .plan: status == .new
            case .start: status == .new || status == .planned
            case .pause: status == .active
            case .resume: status == .paused
            case .complete, .abandon, .startRest: status.isOpen
            case .skipRest: status.isOpen || status == .completed
            case .logSet: status != .planned
            default: true
            }
        if status == .new, action.kind != .workoutStart, action.kind != .workoutPlan {
            throw Refusal(.unknownTarget, "the workout is not known")
        }
        guard allowed else {
            throw Refusal(.invalidState, "\(action.kind.rawValue) does not fit a workout that is \(status.rawValue)")
        }
    }

    private func checkContent(_ action: WorkoutAction, _ context: RuleContext) throws(Refusal) {
        switch action {
        case .addEntry(let details): try checkNew(details, context)
        case .updateEntry(let details):
            try known(details.id)
            try checkBounds(details)
        case .removeEntry(let id): try known(id)
        case .reorderEntries(let ids):
            guard ids.count <= Self.entryLimit else {
                throw Refusal(.invalid, "entryIds must be at most \(Self.entryLimit) ids")
            }
            guard Set(ids).count == ids.count else { throw Refusal(.invalid, "entryIds names an entry twice") }
            for id in ids { try known(id) }
        case .logSet(let id, let entry, let values):
            try known(entry)
            if position(ofSet: id) != nil { throw Refusal(.idTaken, "setId is in use in this workout") }
            let count = entries.reduce(0) { $0 + $1.sets.count }
            guard count < Self.setLimit else {
                throw Refusal(.limitReached, "a workout holds at most \(Self.setLimit) sets")
            }
            try check(values)
        case .updateSet(let id, let values):
            try known(set: id)
            try check(values)
        case .deleteSet(let id): try known(set: id)
        case .startRest(let length):
            guard (1...86_400_000).contains(length) else { throw Refusal(.invalid, "seconds must be 0.001…86400") }
        case .note(let entry, let text, _):
            if let entry { try known(entry) }
            guard let text else { throw Refusal(.badRequest, "text is missing") }
            guard text.unicodeScalars.count <= 2000, isClean(text, newlines: true) else {
                throw Refusal(.invalid, "text must be at most 2000 characters without control characters")
            }
        default: break
        }
    }

    private func checkNew(_ details: EntryDetails, _ context: RuleContext) throws(Refusal) {
        if position(ofEntry: details.id) != nil { throw Refusal(.idTaken, "entryId is in use in this workout") }
        guard entries.count < Self.entryLimit else {
            throw Refusal(.limitReached, "a workout holds at most \(Self.entryLimit) exercises")
        }
        if details.exerciseId != nil {
            guard context.exercise != nil else { throw Refusal(.invalid, "there is no such exercise") }
        } else {
            guard details.name != nil else { throw Refusal(.badRequest, "exerciseId or name is missing") }
        }
        try checkBounds(details)
    }

    /// Every member, also those that the op's kind does not use: an op is kept as it came until it is durable.
    private func checkBounds(_ details: EntryDetails) throws(Refusal) {
        if let name = details.name { try check(name: name) }
        try check(muscles: details.primaryMuscles, "primaryMuscles")
        try check(muscles: details.secondaryMuscles, "secondaryMuscles")
        if let group = details.supersetGroup, !(1...100).contains(group) {
            throw Refusal(.invalid, "supersetGroup must be 1…100")
        }
        if let rest = details.restMilliseconds, !(0...86_400_000).contains(rest) {
            throw Refusal(.invalid, "restSeconds must be 0…86400")
        }
    }

    private func check(_ values: SetValues) throws(Refusal) {
        if let fault = values.faults.first { throw Refusal(.invalid, "\(fault.member) \(fault.detail)") }
    }

    /// - Parameter details: with the times that `clamped` leaves.
    private func check(_ details: WorkoutDetails) throws(Refusal) {
        if let name = details.name { try check(name: name) }
        if let day = details.plannedFor {
            guard day.utf8.count == 10, Timestamp(rfc3339: day + "T00:00:00Z") != nil else {
                throw Refusal(.invalid, "plannedFor must be a date, YYYY-MM-DD")
            }
        }
        for time in [details.startedAt, details.endedAt].compactMap(\.self) where time < Self.earliestTime {
            throw Refusal(.invalid, "a time lies before 2000-01-01")
        }
        if details.endedAt != nil, status != .completed, status != .abandoned {
            throw Refusal(.invalidState, "endedAt belongs to a workout that has ended")
        }
        if let start = details.startedAt ?? startedAt, let end = details.endedAt ?? endedAt, end < start {
            throw Refusal(.invalid, "endedAt lies before startedAt")
        }
    }

    private func check(name: String) throws(Refusal) {
        guard (1...100).contains(name.unicodeScalars.count), isClean(name, newlines: false) else {
            throw Refusal(.invalid, "name must be 1…100 characters without control characters")
        }
    }

    private func check(muscles: [String], _ member: String) throws(Refusal) {
        guard muscles.count <= Self.muscleLimit,
            muscles.allSatisfy({ (1...Self.muscleNameBytes).contains($0.utf8.count) && isClean($0, newlines: false) })
        else {
            throw Refusal(
                .invalid, "\(member) must be at most \(Self.muscleLimit) names of 1…\(Self.muscleNameBytes) bytes")
        }
    }

    private func isClean(_ text: String, newlines: Bool) -> Bool {
        text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7F || newlines && ($0 == "\n" || $0 == "\t")
        }
    }

    private func known(_ entry: EntryID) throws(Refusal) {
        if position(ofEntry: entry) == nil { throw Refusal(.unknownTarget, "the exercise entry is not known") }
    }

    private func known(set id: SetID) throws(Refusal) {
        if position(ofSet: id) == nil { throw Refusal(.unknownTarget, "the set is not known") }
    }
}
