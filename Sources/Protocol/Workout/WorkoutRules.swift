/// What the rules need to know beside the state: everything is loaded before, so that deciding never waits.
public struct RuleContext: Sendable {
    public var epoch: Int64
    /// The seq of the last event.
    public var lastSeq: Int64
    /// The server's time for this op; never before the last one's.
    public var now: Timestamp
    /// The library's facts of the exercise that the op names, if it names one.
    public var exercise: ExerciseFacts?
    /// The athlete's latest; nil when it was never measured.
    public var bodyWeightGrams: Int64?
    public var baseline: RecordBaseline
    public var isAutomatic = false
    /// Sets that were logged after their exercise had been removed: they are nowhere, and what is done to them is recorded.
    public var vanishedSets: Set<SetID> = []
    /// The op time of the last pause or resumption; nil before the first.
    public var pauseChangedAt: Timestamp?

    public init(
        epoch: Int64, lastSeq: Int64, now: Timestamp, exercise: ExerciseFacts? = nil, bodyWeightGrams: Int64? = nil,
        baseline: RecordBaseline = RecordBaseline()
    ) {
        self.epoch = epoch
        self.lastSeq = lastSeq
        self.now = now
        self.exercise = exercise
        self.bodyWeightGrams = bodyWeightGrams
        self.baseline = baseline
    }
}

extension RuleContext {
    /// What a repetition of the op's exercise lifts of the athlete's body; nil where that is not known.
    fileprivate var bodyLoadGrams: Int64? {
        guard let bodyWeightGrams, let share = exercise?.bodyWeightShare else { return nil }
        return TrainingVolume.bodyLoad(bodyWeightGrams: bodyWeightGrams, share: share)
    }
}

extension WorkoutAction {
    /// The action with times that lie in the future set to `now`.
    fileprivate func clamped(to now: Timestamp) -> WorkoutAction {
        switch self {
        case .plan(let details): .plan(details.clamped(to: now))
        case .start(let details): .start(details.clamped(to: now))
        case .update(let details): .update(details.clamped(to: now))
        default: self
        }
    }
}

extension WorkoutAction {
    /// The action with names as they are shown to others: without what can't be seen in them. They are not refused for it,
    /// since keyboards put such characters in, and a log that was kept offline would be lost with its first op.
    fileprivate var withShownNames: WorkoutAction {
        switch self {
        case .plan(var details):
            details.name = details.name.map(ShownText.stripped)
            return .plan(details)
        case .start(var details):
            details.name = details.name.map(ShownText.stripped)
            return .start(details)
        case .update(var details):
            details.name = details.name.map(ShownText.stripped)
            return .update(details)
        case .addEntry(var details):
            details.name = details.name.map(ShownText.stripped)
            return .addEntry(details)
        case .updateEntry(var details):
            details.name = details.name.map(ShownText.stripped)
            return .updateEntry(details)
        default: return self
        }
    }
}

extension WorkoutDetails {
    fileprivate func clamped(to now: Timestamp) -> WorkoutDetails {
        var details = self
        details.startedAt = startedAt.map { min($0, now) }
        details.endedAt = endedAt.map { min($0, now) }
        return details
    }
}

/// What live needs to know of an exercise.
public struct ExerciseFacts: Sendable, Hashable {
    public let id: ExerciseID
    public let name: String
    public let primaryMuscles: [String]
    public let secondaryMuscles: [String]
    /// The share of the body's weight that a repetition lifts, 0…1; nil for other movements and where it is not known.
    public let bodyWeightShare: Double?

    public init(
        id: ExerciseID, name: String, primaryMuscles: [String], secondaryMuscles: [String],
        bodyWeightShare: Double? = nil
    ) {
        self.id = id
        self.name = name
        self.primaryMuscles = primaryMuscles
        self.secondaryMuscles = secondaryMuscles
        self.bodyWeightShare = bodyWeightShare
    }
}

extension WorkoutState {
    public static let entryLimit = 100
    public static let setLimit = 1000
    /// Every op but those that end the workout is refused beyond so many events.
    public static let eventLimit: Int64 = 20_000
    /// Muscles of each kind that an exercise may name, and the bytes of a muscle's name.
    static let muscleLimit = 32
    static let muscleNameBytes = 64

    /// Decides an op and, when it is allowed, folds its event in.
    ///
    /// - Throws: the refusal; then the state is as it was.
    public mutating func decide(_ op: WorkoutOp, _ context: RuleContext) throws(Refusal) -> WorkoutEvent {
        let event = try checkedEvent(op, context)
        return applying(event, context)
    }

    /// The same for a history that nobody follows: what an event tells watchers, such as records, is not reckoned.
    public mutating func admit(_ op: WorkoutOp, _ context: RuleContext) throws(Refusal) {
        apply(try checkedEvent(op, context))
    }

    private func checkedEvent(_ asked: WorkoutOp, _ context: RuleContext) throws(Refusal) -> WorkoutEvent {
        // As clients ask before they queue an op; once more below, since nothing may be left of a name.
        try asked.action.checkBounds()
        let clamped = asked.action.clamped(to: context.now)
        let op = WorkoutOp(id: asked.id, at: asked.at, action: clamped.withShownNames)
        try check(op, context)
        var event = WorkoutEvent(
            epoch: context.epoch, seq: context.lastSeq + 1, opId: op.id, at: min(op.at, context.now),
            receivedAt: context.now, action: op.action)
        event.effects.isClamped = asked.at > context.now || clamped != asked.action
        event.effects.isAutomatic = context.isAutomatic
        event.effects.isSuperseded = isSuperseded(event, context)
        complete(&event, context)
        try checkSize(event)
        return event
    }

    /// Refuses an event that would be larger than one may be. Only these grow with what an op says; all others are small,
    /// and what the room adds to these is a summary.
    private func checkSize(_ event: WorkoutEvent) throws(Refusal) {
        switch event.action {
        case .plan, .start, .update, .addEntry, .reorderEntries, .note:
            guard event.json.count + WorkoutEvent.summaryBytes <= WorkoutEvent.limitBytes else {
                throw Refusal(
                    .invalid, "an event holds at most \(WorkoutEvent.limitBytes) bytes: make the text shorter")
            }
        default: return
        }
    }

    private mutating func applying(_ checked: WorkoutEvent, _ context: RuleContext) -> WorkoutEvent {
        var event = checked
        let touched = event.effects.isSuperseded ? nil : touchedEntry(by: event.action)
        let before = touched.map { records(of: $0, context) } ?? []
        apply(event)
        event.effects.summary = summary
        guard let entry = touched ?? touchedEntry(by: event.action), !event.effects.isSuperseded,
            let index = position(ofEntry: entry)
        else { return event }
        addConsequences(to: &event, entry: entries[index], before: before, context)
        return event
    }

    /// Fills in what the server knows better than the client.
    private func complete(_ event: inout WorkoutEvent, _ context: RuleContext) {
        switch event.action {
        case .addEntry(var details):
            details.name = context.exercise?.name ?? details.name
            details.primaryMuscles = context.exercise?.primaryMuscles ?? []
            details.secondaryMuscles = context.exercise?.secondaryMuscles ?? []
            details.bodyLoadGrams = context.bodyLoadGrams
            event.action = .addEntry(details)
        case .updateEntry(let details):
            // What the kind does not change is neither stored nor shown.
            event.action = .updateEntry(
                EntryDetails(
                    id: details.id, supersetGroup: details.supersetGroup, restMilliseconds: details.restMilliseconds))
        case .startRest(let length):
            let endsAt = event.at + .milliseconds(length)
            if endsAt > context.now, !event.effects.isSuperseded { event.effects.restEndsAt = endsAt }
        default: break
        }
    }

    private func addConsequences(
        to event: inout WorkoutEvent, entry: Entry, before: [PersonalRecord], _ context: RuleContext
    ) {
        switch event.action {
        case .logSet(_, _, let values), .updateSet(_, let values):
            event.effects.estimatedOneRepMaxGrams = values.estimatedOneRepMax
            event.effects.isEstimateUnsure = values.isEstimateUnsure
        case .deleteSet, .removeEntry: break
        default: return
        }
        event.effects.hardSetHalves = hardSets(of: Set(entry.primaryMuscles + entry.secondaryMuscles))
        let after = records(of: entry.id, context)
        event.effects.records = after.filter { !before.contains($0) }
        event.effects.recordsTakenBack = before.filter { old in
            !after.contains { $0.kind == old.kind && ($0.setId == old.setId || $0.grams >= old.grams) }
        }
    }

    private func records(of entry: EntryID, _ context: RuleContext) -> [PersonalRecord] {
        guard let index = position(ofEntry: entry), let exercise = entries[index].exerciseId else { return [] }
        return context.baseline.records(in: self, of: exercise)
    }

    /// The entry whose sets an action changes.
    private func touchedEntry(by action: WorkoutAction) -> EntryID? {
        switch action {
        case .logSet(_, let entry, _), .removeEntry(let entry): entry
        case .updateSet(let id, _), .deleteSet(let id): position(ofSet: id).map { entries[$0.entry].id }
        default: nil
        }
    }

    /// Whether a later change, a deletion or a removal has won over the event already.
    private func isSuperseded(_ event: WorkoutEvent, _ context: RuleContext) -> Bool {
        func isRemoved(_ entry: EntryID) -> Bool { position(ofEntry: entry).map { entries[$0].isRemoved } ?? false }
        switch event.action {
        case .updateSet(let id, _):
            guard let (entry, set) = position(ofSet: id) else { return true }
            let logged = entries[entry].sets[set]
            return logged.isDeleted || entries[entry].isRemoved || event.at < logged.changedAt
        case .deleteSet(let id): return position(ofSet: id).map { entries[$0.entry].sets[$0.set].isDeleted } ?? true
        case .logSet(_, let entry, _): return isRemoved(entry)
        case .updateEntry(let details): return isRemoved(details.id)
        case .removeEntry(let id): return isRemoved(id)
        case .note(let entry, _, _): return entry.map(isRemoved) ?? false
        case .startRest, .skipRest: return isBeforeRest(event.at)
        default: return false
        }
    }
}

extension RuleContext {
    /// Whether the workout was paused or resumed since.
    func isBeforePauseChange(_ at: Timestamp) -> Bool { pauseChangedAt.map { at < $0 } ?? false }
}
