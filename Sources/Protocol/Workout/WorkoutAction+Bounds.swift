// What can be told of an op without its workout: the server asks before it looks at the state, clients before they queue.
extension WorkoutAction {
    /// Refuses values that no workout takes.
    public func checkBounds() throws(Refusal) {
        switch self {
        case .plan(let details), .start(let details), .update(let details): try details.checkBounds()
        case .complete(let rpeTenths):
            if let rpeTenths, !(10...100).contains(rpeTenths) || rpeTenths % 5 != 0 {
                throw Refusal(.invalid, "rpe must be 1…10 in steps of 0.5")
            }
        case .addEntry(let details):
            guard details.exerciseId != nil || details.name != nil else {
                throw Refusal(.badRequest, "exerciseId or name is missing")
            }
            try details.checkBounds()
        case .updateEntry(let details): try details.checkBounds()
        case .reorderEntries(let ids):
            guard ids.count <= WorkoutState.entryLimit else {
                throw Refusal(.invalid, "entryIds must be at most \(WorkoutState.entryLimit) ids")
            }
            guard Set(ids).count == ids.count else { throw Refusal(.invalid, "entryIds names an entry twice") }
        case .logSet(_, _, let values), .updateSet(_, let values):
            if let fault = values.faults.first { throw Refusal(.invalid, "\(fault.member) \(fault.detail)") }
        case .startRest(let length):
            guard (1...86_400_000).contains(length) else { throw Refusal(.invalid, "seconds must be 0.001…86400") }
        case .note(_, let text, _):
            guard let text else { throw Refusal(.badRequest, "text is missing") }
            guard text.unicodeScalars.count <= 2000, text.isClean(newlines: true) else {
                throw Refusal(.invalid, "text must be at most 2000 characters without control characters")
            }
        case .pause, .resume, .abandon, .delete, .removeEntry, .deleteSet, .skipRest: break
        }
    }
}

extension WorkoutDetails {
    fileprivate func checkBounds() throws(Refusal) {
        if let name { try check(name: name) }
        if let plannedFor {
            guard plannedFor.utf8.count == 10, Timestamp(rfc3339: plannedFor + "T00:00:00Z") != nil else {
                throw Refusal(.invalid, "plannedFor must be a date, YYYY-MM-DD")
            }
        }
        for time in [startedAt, endedAt].compactMap(\.self) where time < WorkoutState.earliestTime {
            throw Refusal(.invalid, "a time lies before 2000-01-01")
        }
    }
}

extension EntryDetails {
    /// Every member, also those that the op's kind does not use: an op is kept as it came until it is durable.
    fileprivate func checkBounds() throws(Refusal) {
        if let name { try check(name: name) }
        try check(muscles: primaryMuscles, "primaryMuscles")
        try check(muscles: secondaryMuscles, "secondaryMuscles")
        if let supersetGroup, !(1...100).contains(supersetGroup) {
            throw Refusal(.invalid, "supersetGroup must be 1…100")
        }
        if let restMilliseconds, !(0...86_400_000).contains(restMilliseconds) {
            throw Refusal(.invalid, "restSeconds must be 0…86400")
        }
    }
}

private func check(name: String) throws(Refusal) {
    guard (1...100).contains(name.unicodeScalars.count), name.isClean(newlines: false) else {
        throw Refusal(.invalid, "name must be 1…100 characters without control characters")
    }
    guard ShownText.stripped(name) == name else {
        throw Refusal(.invalid, "name must not hold characters that can't be seen")
    }
}

private func check(muscles: [String], _ member: String) throws(Refusal) {
    let (count, bytes) = (WorkoutState.muscleLimit, WorkoutState.muscleNameBytes)
    guard muscles.count <= count,
        muscles.allSatisfy({ (1...bytes).contains($0.utf8.count) && $0.isClean(newlines: false) })
    else { throw Refusal(.invalid, "\(member) must be at most \(count) names of 1…\(bytes) bytes") }
}

extension String {
    fileprivate func isClean(newlines: Bool) -> Bool {
        unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7F || newlines && ($0 == "\n" || $0 == "\t")
        }
    }
}
