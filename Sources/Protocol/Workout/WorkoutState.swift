/// A workout as its events made it; the one fold that server, clients, replay and tests share.
public struct WorkoutState: Sendable, Hashable {
    public enum Status: String, Sendable, CaseIterable, Codable {
        /// No event yet.
        case new
        case planned, active, paused, completed, abandoned, deleted

        /// Whether the workout still runs.
        public var isOpen: Bool { self == .active || self == .paused }
        public var hasEnded: Bool { self == .completed || self == .abandoned }
    }

    public var status: Status = .new
    public var name: String?
    /// Narrows the athlete's preference; nil does not.
    public var visibility: Audience?
    public var plannedFor: String?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    public var pausedAt: Timestamp?
    /// Length of the finished pauses.
    public var pausedMilliseconds: Int64 = 0
    public var restingMilliseconds: Int64 = 0
    /// The session's perceived exertion in tenths, given at completion.
    public var rpeTenths: Int64?
    /// The latest op time so far.
    public var lastAt = Timestamp(milliseconds: 0)
    public var rest: Rest?
    public var note: Note?
    /// In display order; removed ones stay as tombstones.
    public internal(set) var entries: [Entry] = []
    /// Where each set stands; derived, so that finding one costs the same in a long workout.
    private var places: [SetID: SetPlace] = [:]

    public init() {}

    private struct SetPlace: Sendable, Hashable {
        let entry: EntryID
        /// Among the entry's sets, which are never taken out.
        let index: Int
    }

    /// A rest that no set, skip or pause has ended yet.
    public struct Rest: Sendable, Hashable {
        public var startedAt: Timestamp
        public var endsAt: Timestamp
        /// False when it was over before the server heard of it: no clock is shown.
        public var isRunning: Bool
    }

    /// A note; `text` is nil where the reader may not see it.
    public struct Note: Sendable, Hashable {
        public var text: String?
        public var isShared: Bool

        var sharedText: String? { isShared ? text : nil }
    }

    /// An exercise in this workout with its sets, in the order they were applied.
    public struct Entry: Sendable, Hashable {
        public var id: EntryID
        public var exerciseId: ExerciseID?
        public var name: String
        public var primaryMuscles: [String]
        public var secondaryMuscles: [String]
        public var supersetGroup: Int64?
        public var restMilliseconds: Int64?
        /// What one repetition lifts of the athlete's body; nil where that is not known.
        public let bodyLoadGrams: Int64?
        public var note: Note?
        public var isRemoved = false
        /// Deleted ones stay as tombstones.
        public var sets: [LoggedSet] = []
        /// Derived from the sets, in gram-repetitions.
        public internal(set) var tonnage: Int64 = 0
        /// Derived from the sets.
        public internal(set) var workingSets: Int64 = 0

        init(_ details: EntryDetails) {
            id = details.id
            exerciseId = details.exerciseId
            name = details.name ?? ""
            primaryMuscles = details.primaryMuscles
            secondaryMuscles = details.secondaryMuscles
            supersetGroup = details.supersetGroup
            restMilliseconds = details.restMilliseconds
            bodyLoadGrams = details.bodyLoadGrams
        }

        /// Appends a set and counts it.
        mutating func append(_ set: LoggedSet) {
            sets.append(set)
            count(set, 1)
        }

        /// Changes a set and counts it anew.
        mutating func change(set index: Int, _ body: (inout LoggedSet) -> Void) {
            count(sets[index], -1)
            body(&sets[index])
            count(sets[index], 1)
        }

        private mutating func count(_ set: LoggedSet, _ sign: Int64) {
            guard !set.isDeleted else { return }
            let lifted = TrainingVolume.tonnage(of: set.values, bodyLoadGrams: bodyLoadGrams)
            tonnage = sign > 0 ? tonnage.clampingAdd(lifted) : tonnage.clampingSubtract(lifted)
            workingSets += set.values.type.isWorking ? sign : 0
        }
    }

    public struct LoggedSet: Sendable, Hashable {
        public var id: SetID
        public var values: SetValues
        public var loggedAt: Timestamp
        public var changedAt: Timestamp
        public var isDeleted = false
    }

    /// What watchers may read now of the note on the workout, or on one entry; nil for nothing, as on a removed entry.
    func sharedText(ofNoteOn entry: EntryID?) -> String? {
        guard let entry else { return note?.sharedText }
        guard let index = position(ofEntry: entry), !entries[index].isRemoved else { return nil }
        return entries[index].note?.sharedText
    }

    /// Where a set stands in `entries`, or nil when no op has named it.
    public func position(ofSet id: SetID) -> (entry: Int, set: Int)? {
        guard let place = places[id], let entry = position(ofEntry: place.entry) else { return nil }
        return (entry, place.index)
    }

    /// Where an entry stands in `entries`, removed ones included.
    public func position(ofEntry id: EntryID) -> Int? { entries.firstIndex { $0.id == id } }

    /// Appends a set to the entry at `index`.
    mutating func append(_ set: LoggedSet, toEntry index: Int) {
        places[set.id] = SetPlace(entry: entries[index].id, index: entries[index].sets.count)
        entries[index].append(set)
    }

    /// Appends an entry, with its sets if it has some.
    mutating func append(_ entry: Entry) {
        for (index, set) in entry.sets.enumerated() { places[set.id] = SetPlace(entry: entry.id, index: index) }
        entries.append(entry)
    }
}
