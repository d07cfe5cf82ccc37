import Protocol
import Store

/// One event on its way to Postgres, with the rows it changes; a class, since it passes through many hands unchanged.
package final class JournalEntry: Sendable {
    let room: WorkoutRoom
    let workout: WorkoutID
    let athlete: UserID
    /// As it was asked for; what a spill or a dead letter offers again.
    let op: WorkoutOp
    let event: WorkoutEvent
    let json: [UInt8]
    let fingerprint: UInt64
    let head: HeadRow
    let changes: RowChanges
    /// What the lag to durable counts from.
    let appliedAt = ContinuousClock.now

    init(
        room: WorkoutRoom, op: WorkoutOp, event: WorkoutEvent, json: [UInt8], fingerprint: UInt64,
        in state: WorkoutState
    ) {
        self.room = room
        workout = room.id
        athlete = room.athlete.userId
        self.op = op
        self.event = event
        self.json = json
        self.fingerprint = fingerprint
        head = HeadRow(state, event.effects.summary ?? Summary())
        changes = RowChanges(event, in: state)
    }

    /// About what the entry occupies in memory.
    var bytes: Int { 512 + json.count + Self.rowBytes * (changes.entries.count + changes.sets.count) }

    /// About what a row occupies.
    static let rowBytes = 128
}

/// A workout's row after an event.
struct HeadRow: Sendable {
    let status: WorkoutState.Status
    let name: String?
    let visibility: Audience?
    let plannedFor: String?
    let startedAt: Timestamp?
    let endedAt: Timestamp?
    let lastAt: Timestamp
    let rpeTenths: Int64?
    let summary: Summary

    init(_ state: WorkoutState, _ summary: Summary) {
        status = state.status
        name = state.name
        visibility = state.visibility
        plannedFor = state.plannedFor
        startedAt = state.startedAt
        endedAt = state.endedAt
        lastAt = state.lastAt
        rpeTenths = state.rpeTenths
        self.summary = summary
    }
}

/// The rows of entries and sets that an event changed; nil values are deletions.
struct RowChanges: Sendable {
    struct EntryRow: Sendable {
        let id: EntryID
        let position: Int32
        let entry: WorkoutState.Entry?
    }

    struct SetRow: Sendable {
        let id: SetID
        let entry: EntryID
        let exercise: ExerciseID?
        let set: WorkoutState.LoggedSet?
        /// The event made the set: it has no row yet.
        var isNew: Bool
    }

    private(set) var entries: [EntryRow] = []
    private(set) var sets: [SetRow] = []

    /// What `event` changed, read from the state after it.
    init(_ event: WorkoutEvent, in state: WorkoutState) {
        guard !event.effects.isSuperseded else { return }
        switch event.action {
        case .addEntry(let details), .updateEntry(let details): add(entry: details.id, state)
        case .removeEntry(let id):
            add(entry: id, state)
            guard let index = state.position(ofEntry: id) else { return }
            for set in state.entries[index].sets { add(set, state.entries[index], isNew: false) }
        case .reorderEntries: for entry in state.entries { add(entry: entry.id, state) }
        case .logSet(let id, _, _), .updateSet(let id, _), .deleteSet(let id):
            guard let (entry, set) = state.position(ofSet: id) else { return }
            add(state.entries[entry].sets[set], state.entries[entry], isNew: event.action.kind == .setLog)
        default: break
        }
    }

    /// All that stands in a workout, as rows that are new.
    init(all state: WorkoutState) {
        for entry in state.entries where !entry.isRemoved {
            add(entry: entry.id, state)
            for set in entry.sets { add(set, entry, isNew: true) }
        }
    }

    private mutating func add(entry id: EntryID, _ state: WorkoutState) {
        guard let index = state.position(ofEntry: id) else { return }
        var entry = state.entries[index]
        entry.sets = []
        entries.append(EntryRow(id: id, position: Int32(index), entry: entry.isRemoved ? nil : entry))
    }

    private mutating func add(_ set: WorkoutState.LoggedSet, _ entry: WorkoutState.Entry, isNew: Bool) {
        let isGone = set.isDeleted || entry.isRemoved
        sets.append(
            SetRow(id: set.id, entry: entry.id, exercise: entry.exerciseId, set: isGone ? nil : set, isNew: isNew))
    }
}
