/// What an op makes, for others to build on: tells which ops cannot work when one was refused.
public struct OpTargets: Sendable, Hashable {
    /// The workout itself is among them.
    public private(set) var isWorkout = false
    /// Exercise entries and sets.
    public private(set) var ids: Set<UUIDv7> = []

    public init() {}

    public init(isWorkout: Bool, ids: Set<UUIDv7>) {
        self.isWorkout = isWorkout
        self.ids = ids
    }

    public init(madeBy action: WorkoutAction) {
        switch action {
        case .plan, .start: isWorkout = true
        case .addEntry(let details): ids = [details.id]
        case .logSet(let id, _, _): ids = [id]
        default: break
        }
    }

    public var isEmpty: Bool { !isWorkout && ids.isEmpty }

    public mutating func formUnion(_ other: OpTargets) {
        isWorkout = isWorkout || other.isWorkout
        ids.formUnion(other.ids)
    }

    public mutating func subtract(_ other: OpTargets) {
        isWorkout = isWorkout && !other.isWorkout
        ids.subtract(other.ids)
    }

    /// Whether an action builds on one of these, so that it cannot work without them.
    public func contains(targetOf action: WorkoutAction) -> Bool {
        switch action {
        case .plan, .start: false
        default: isWorkout || !ids.isDisjoint(with: action.targets)
        }
    }
}

extension WorkoutAction {
    /// The exercise entries and sets that have to be known before.
    public var targets: [UUIDv7] {
        switch self {
        case .updateEntry(let details): [details.id]
        case .removeEntry(let id), .deleteSet(let id), .updateSet(let id, _): [id]
        case .reorderEntries(let entries): entries
        case .logSet(_, let entry, _): [entry]
        case .note(let entry, _, _): entry.map { [$0] } ?? []
        case .plan, .start, .pause, .resume, .complete, .abandon, .delete, .update, .addEntry, .startRest, .skipRest: []
        }
    }
}
