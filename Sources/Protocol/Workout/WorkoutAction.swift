/// What an op asks for, and what an event did.
public enum WorkoutAction: Sendable, Hashable {
    case plan(WorkoutDetails)
    case start(WorkoutDetails)
    case pause
    case resume
    /// `rpe` is the session's perceived exertion in tenths.
    case complete(rpeTenths: Int64?)
    case abandon
    case delete
    /// Changes only the members that are given.
    case update(WorkoutDetails)
    case addEntry(EntryDetails)
    /// Replaces superset group and rest of an entry.
    case updateEntry(EntryDetails)
    case removeEntry(EntryID)
    /// The named entries come first, in this order; the others follow as they were.
    case reorderEntries([EntryID])
    case logSet(SetID, entry: EntryID, SetValues)
    /// Replaces all values of a set.
    case updateSet(SetID, SetValues)
    case deleteSet(SetID)
    case startRest(milliseconds: Int64)
    case skipRest
    /// A note on the workout, or on one entry; `text` is nil where the reader may not see it.
    case note(entry: EntryID?, text: String?, isShared: Bool)

    public var kind: Kind {
        switch self {
        case .plan: .workoutPlan
        case .start: .workoutStart
        case .pause: .workoutPause
        case .resume: .workoutResume
        case .complete: .workoutComplete
        case .abandon: .workoutAbandon
        case .delete: .workoutDelete
        case .update: .workoutUpdate
        case .addEntry: .exerciseAdd
        case .updateEntry: .exerciseUpdate
        case .removeEntry: .exerciseRemove
        case .reorderEntries: .exerciseReorder
        case .logSet: .setLog
        case .updateSet: .setUpdate
        case .deleteSet: .setDelete
        case .startRest: .restStart
        case .skipRest: .restSkip
        case .note: .note
        }
    }

    /// The action's name on the wire.
    public enum Kind: String, Sendable, CaseIterable {
        case workoutPlan = "workout.plan"
        case workoutStart = "workout.start"
        case workoutPause = "workout.pause"
        case workoutResume = "workout.resume"
        case workoutComplete = "workout.complete"
        case workoutAbandon = "workout.abandon"
        case workoutDelete = "workout.delete"
        case workoutUpdate = "workout.update"
        case exerciseAdd = "exercise.add"
        case exerciseUpdate = "exercise.update"
        case exerciseRemove = "exercise.remove"
        case exerciseReorder = "exercise.reorder"
        case setLog = "set.log"
        case setUpdate = "set.update"
        case setDelete = "set.delete"
        case restStart = "rest.start"
        case restSkip = "rest.skip"
        case note = "note"
    }
}

/// Who may watch a workout or see it afterwards.
public enum Audience: String, Sendable, CaseIterable, Codable, Comparable {
    case `private`, friends, `public`

    private var reach: Int { self == .private ? 0 : self == .friends ? 1 : 2 }

    public static func < (left: Audience, right: Audience) -> Bool { left.reach < right.reach }
}

/// A workout's own members; in `update` nil leaves a member as it is.
public struct WorkoutDetails: Sendable, Hashable {
    /// 1…100 characters.
    public var name: String?
    /// Narrows the athlete's preference for this workout.
    public var visibility: Audience?
    /// The day a planned workout is meant for, `YYYY-MM-DD`.
    public var plannedFor: String?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?

    public init(
        name: String? = nil, visibility: Audience? = nil, plannedFor: String? = nil, startedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil
    ) {
        self.name = name
        self.visibility = visibility
        self.plannedFor = plannedFor
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// An exercise's place in a workout.
public struct EntryDetails: Sendable, Hashable {
    public var id: EntryID
    /// Nil for a movement that is only a name.
    public var exerciseId: ExerciseID?
    /// 1…100 characters; the server fills in the library's name.
    public var name: String?
    /// Filled in by the server from the library.
    public var primaryMuscles: [String]
    public var secondaryMuscles: [String]
    /// Entries with the same group (1…100) are done in turn.
    public var supersetGroup: Int64?
    /// The rest meant after each set, 0…24 h.
    public var restMilliseconds: Int64?
    /// What one repetition lifts of the athlete's body, filled in by the server; nil where that is not known.
    public var bodyLoadGrams: Int64?

    public init(
        id: EntryID, exerciseId: ExerciseID? = nil, name: String? = nil, primaryMuscles: [String] = [],
        secondaryMuscles: [String] = [], supersetGroup: Int64? = nil, restMilliseconds: Int64? = nil,
        bodyLoadGrams: Int64? = nil
    ) {
        self.id = id
        self.exerciseId = exerciseId
        self.name = name
        self.primaryMuscles = primaryMuscles
        self.secondaryMuscles = secondaryMuscles
        self.supersetGroup = supersetGroup
        self.restMilliseconds = restMilliseconds
        self.bodyLoadGrams = bodyLoadGrams
    }
}
