extension WorkoutState {
    /// Folds one event in; events come in `seq` order, and one that the rules made always applies.
    ///
    /// An event that names an unknown entry or set (from a damaged history) leaves the state as it is.
    public mutating func apply(_ event: WorkoutEvent) {
        if !event.effects.isAutomatic { lastAt = max(lastAt, event.at) }
        guard !event.effects.isSuperseded else { return }
        switch event.action {
        case .plan, .start, .pause, .resume, .complete, .abandon, .delete, .update: applyToWorkout(event)
        case .addEntry, .updateEntry, .removeEntry, .reorderEntries: applyToEntries(event.action)
        case .logSet, .updateSet, .deleteSet: applyToSets(event)
        case .startRest(let length):
            if isBeforeRest(event.at) { return }
            endRest(at: event.at)
            let endsAt = event.at + .milliseconds(length)
            rest = Rest(
                startedAt: event.at, endsAt: event.effects.restEndsAt ?? endsAt,
                isRunning: event.effects.restEndsAt != nil)
        case .skipRest: endRest(at: event.at)
        case .note(let entry, let text, let isShared):
            let note = text == "" ? nil : Note(text: text, isShared: isShared)
            if let entry {
                if let index = position(ofEntry: entry) { entries[index].note = note }
            } else {
                self.note = note
            }
        }
    }

    private mutating func applyToWorkout(_ event: WorkoutEvent) {
        switch event.action {
        case .plan(let details):
            status = .planned
            change(details)
        case .start(let details):
            status = .active
            change(details)
            startedAt = details.startedAt ?? event.at
        case .pause:
            endRest(at: event.at)
            status = .paused
            pausedAt = event.at
        case .resume:
            endPause(at: event.at)
            status = .active
        case .complete(let rpeTenths):
            end(at: event.at)
            status = .completed
            self.rpeTenths = rpeTenths
        case .abandon:
            end(at: event.at)
            status = .abandoned
        case .delete: status = .deleted
        case .update(let details): change(details)
        default: break
        }
    }

    private mutating func change(_ details: WorkoutDetails) {
        name = details.name ?? name
        visibility = details.visibility ?? visibility
        plannedFor = details.plannedFor ?? plannedFor
        startedAt = details.startedAt ?? startedAt
        endedAt = details.endedAt ?? endedAt
    }

    private mutating func end(at time: Timestamp) {
        // Nobody rests in a workout that is over, whenever the rest began.
        if let rest { endRest(at: max(time, rest.startedAt)) }
        endPause(at: time)
        endedAt = max(time, startedAt ?? time)
    }

    private mutating func endPause(at time: Timestamp) {
        guard let pausedAt else { return }
        pausedMilliseconds = pausedMilliseconds.clampingAdd(max(0, (time - pausedAt).wholeMilliseconds))
        self.pausedAt = nil
    }

    /// Whether a time lies before the running rest: what another device did then tells nothing of the rest.
    func isBeforeRest(_ time: Timestamp) -> Bool { rest.map { time < $0.startedAt } ?? false }

    private mutating func endRest(at time: Timestamp) {
        guard let rest, !isBeforeRest(time) else { return }
        let rested = max(0, (min(time, rest.endsAt) - rest.startedAt).wholeMilliseconds)
        restingMilliseconds = restingMilliseconds.clampingAdd(rested)
        self.rest = nil
    }

    private mutating func applyToEntries(_ action: WorkoutAction) {
        switch action {
        case .addEntry(let details): append(Entry(details))
        case .updateEntry(let details):
            guard let index = position(ofEntry: details.id) else { return }
            entries[index].supersetGroup = details.supersetGroup
            entries[index].restMilliseconds = details.restMilliseconds
        case .removeEntry(let id):
            guard let index = position(ofEntry: id) else { return }
            entries[index].isRemoved = true
        case .reorderEntries(let ids):
            let first = ids.compactMap { id in position(ofEntry: id).map { entries[$0] } }
            let named = Set(ids)
            entries = first + entries.filter { !named.contains($0.id) }
        default: break
        }
    }

    private mutating func applyToSets(_ event: WorkoutEvent) {
        switch event.action {
        case .logSet(let id, let entry, let values):
            endRest(at: event.at)
            guard let index = position(ofEntry: entry) else { return }
            append(LoggedSet(id: id, values: values, loggedAt: event.at, changedAt: event.at), toEntry: index)
        case .updateSet(let id, let values):
            guard let (entry, set) = position(ofSet: id) else { return }
            entries[entry].change(set: set) {
                $0.values = values
                $0.changedAt = event.at
            }
        case .deleteSet(let id):
            guard let (entry, set) = position(ofSet: id) else { return }
            entries[entry].change(set: set) {
                $0.isDeleted = true
                $0.changedAt = max(event.at, $0.changedAt)
            }
        default: break
        }
    }
}
