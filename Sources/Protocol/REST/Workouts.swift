/// `GET /v1/workouts/:id`: a workout as the caller may see it.
public struct Workout: Codable, Sendable {
    public var id: WorkoutID
    public var userId: UserID
    public var status: WorkoutState.Status
    public var name: String?
    /// The athlete's note; nil where the caller may not read it.
    public var notes: String?
    /// Narrows the athlete's preference; nil does not.
    public var visibility: Audience?
    public var plannedFor: CalendarDate?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    /// The session's perceived exertion, 1…10.
    public var rpe: Double?
    public var exercises: [WorkoutExercise]
    public var summary: WorkoutSummary
    /// Bests that this workout's sets hold over the athlete's earlier ones.
    public var records: [WorkoutRecord]
    /// The training day it was made from; shown to the athlete only.
    public var template: WorkoutTemplate?

    public init(
        id: WorkoutID, userId: UserID, status: WorkoutState.Status, name: String?, notes: String?,
        visibility: Audience?, plannedFor: CalendarDate?, startedAt: Timestamp?, endedAt: Timestamp?, rpe: Double?,
        exercises: [WorkoutExercise], summary: WorkoutSummary, records: [WorkoutRecord],
        template: WorkoutTemplate? = nil
    ) {
        self.id = id
        self.userId = userId
        self.status = status
        self.name = name
        self.notes = notes
        self.visibility = visibility
        self.plannedFor = plannedFor
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.rpe = rpe
        self.exercises = exercises
        self.summary = summary
        self.records = records
        self.template = template
    }

    private enum CodingKeys: String, CodingKey {
        case id, userId, status, name, notes, visibility, plannedFor, startedAt, endedAt, rpe, exercises, summary
        case records, template
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(userId, forKey: .userId)
        try container.encode(status, forKey: .status)
        try container.encode(name, forKey: .name)
        try container.encode(notes, forKey: .notes)
        try container.encode(visibility, forKey: .visibility)
        try container.encode(plannedFor, forKey: .plannedFor)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(endedAt, forKey: .endedAt)
        try container.encode(rpe, forKey: .rpe)
        try container.encode(exercises, forKey: .exercises)
        try container.encode(summary, forKey: .summary)
        try container.encode(records, forKey: .records)
        try container.encode(template, forKey: .template)
    }
}

/// An exercise's place in a workout, with its sets in the order they were logged.
public struct WorkoutExercise: Codable, Sendable {
    /// Of the place; the same exercise may stand in a workout twice.
    public var id: EntryID
    /// Nil for a movement that is only a name.
    public var exerciseId: ExerciseID?
    public var name: String
    /// Exercises with the same group are done in turn.
    public var supersetGroup: Int?
    public var restSeconds: Double?
    /// What one repetition lifts of the athlete's body, in the tonnage beside the weight; shown to the athlete only,
    /// nil where it is not known.
    public var bodyLoadKg: Double?
    public var note: String?
    public var sets: [WorkoutSet]
    /// What is aimed at in each set, in their order; shown to the athlete only.
    public var targets: [PlannedSet]

    public init(
        id: EntryID, exerciseId: ExerciseID?, name: String, supersetGroup: Int?, restSeconds: Double?,
        bodyLoadKg: Double?, note: String?, sets: [WorkoutSet], targets: [PlannedSet] = []
    ) {
        self.id = id
        self.exerciseId = exerciseId
        self.name = name
        self.supersetGroup = supersetGroup
        self.restSeconds = restSeconds
        self.bodyLoadKg = bodyLoadKg
        self.note = note
        self.sets = sets
        self.targets = targets
    }

    private enum CodingKeys: String, CodingKey {
        case id, exerciseId, name, supersetGroup, restSeconds, bodyLoadKg, note, sets, targets
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(exerciseId, forKey: .exerciseId)
        try container.encode(name, forKey: .name)
        try container.encode(supersetGroup, forKey: .supersetGroup)
        try container.encode(restSeconds, forKey: .restSeconds)
        try container.encode(bodyLoadKg, forKey: .bodyLoadKg)
        try container.encode(note, forKey: .note)
        try container.encode(sets, forKey: .sets)
        try container.encode(targets, forKey: .targets)
    }
}

/// A set that was logged.
public struct WorkoutSet: Codable, Sendable {
    public var id: SetID
    public var type: SetType
    public var weightKg: Double?
    public var reps: Int?
    public var rpe: Double?
    public var rir: Int?
    public var durationSeconds: Double?
    public var distanceMeters: Double?
    public var side: Side?
    /// From weight and repetitions of a working set.
    public var estimatedOneRepMaxKg: Double?
    /// The estimate comes from more than ten repetitions; from more than 15 it makes no record.
    public var isEstimateUnsure: Bool
    public var loggedAt: Timestamp

    public init(
        id: SetID, type: SetType, weightKg: Double?, reps: Int?, rpe: Double?, rir: Int?, durationSeconds: Double?,
        distanceMeters: Double?, side: Side?, estimatedOneRepMaxKg: Double?,
        isEstimateUnsure: Bool, loggedAt: Timestamp
    ) {
        self.id = id
        self.type = type
        self.weightKg = weightKg
        self.reps = reps
        self.rpe = rpe
        self.rir = rir
        self.durationSeconds = durationSeconds
        self.distanceMeters = distanceMeters
        self.side = side
        self.estimatedOneRepMaxKg = estimatedOneRepMaxKg
        self.isEstimateUnsure = isEstimateUnsure
        self.loggedAt = loggedAt
    }

    private enum CodingKeys: String, CodingKey {
        case id, type, weightKg, reps, rpe, rir, durationSeconds, distanceMeters, side, estimatedOneRepMaxKg,
            isEstimateUnsure, loggedAt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(type, forKey: .type)
        try container.encode(weightKg, forKey: .weightKg)
        try container.encode(reps, forKey: .reps)
        try container.encode(rpe, forKey: .rpe)
        try container.encode(rir, forKey: .rir)
        try container.encode(durationSeconds, forKey: .durationSeconds)
        try container.encode(distanceMeters, forKey: .distanceMeters)
        try container.encode(side, forKey: .side)
        try container.encode(estimatedOneRepMaxKg, forKey: .estimatedOneRepMaxKg)
        try container.encode(isEstimateUnsure, forKey: .isEstimateUnsure)
        try container.encode(loggedAt, forKey: .loggedAt)
    }
}

/// A workout's totals.
public struct WorkoutSummary: Codable, Hashable, Sendable {
    /// Σ weight × repetitions of working sets.
    public var tonnageKg: Double
    public var workingSets: Int
    public var workingSeconds: Double
    public var restingSeconds: Double
    /// A working set counts 1 for its primary and 0.5 for its secondary muscles.
    public var hardSets: [MuscleSets]

    public init(
        tonnageKg: Double, workingSets: Int, workingSeconds: Double, restingSeconds: Double, hardSets: [MuscleSets]
    ) {
        self.tonnageKg = tonnageKg
        self.workingSets = workingSets
        self.workingSeconds = workingSeconds
        self.restingSeconds = restingSeconds
        self.hardSets = hardSets
    }

    public struct MuscleSets: Codable, Hashable, Sendable {
        public var muscle: String
        public var sets: Double

        public init(muscle: String, sets: Double) {
            self.muscle = muscle
            self.sets = sets
        }
    }
}

/// A best, and the set that holds it.
public struct WorkoutRecord: Codable, Hashable, Sendable {
    public var kind: String
    public var exerciseId: ExerciseID
    public var setId: SetID
    public var valueKg: Double
    /// The best before this workout; shown to the athlete only, since it may come from a private one.
    public var previousKg: Double?

    public init(kind: String, exerciseId: ExerciseID, setId: SetID, valueKg: Double, previousKg: Double?) {
        self.kind = kind
        self.exerciseId = exerciseId
        self.setId = setId
        self.valueKg = valueKg
        self.previousKg = previousKg
    }

    private enum CodingKeys: String, CodingKey { case kind, exerciseId, setId, valueKg, previousKg }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(exerciseId, forKey: .exerciseId)
        try container.encode(setId, forKey: .setId)
        try container.encode(valueKg, forKey: .valueKg)
        try container.encode(previousKg, forKey: .previousKg)
    }
}

/// An entry of `GET /v1/workouts`.
public struct WorkoutItem: Codable, Sendable {
    public var id: WorkoutID
    public var status: WorkoutState.Status
    public var name: String?
    public var visibility: Audience?
    public var plannedFor: CalendarDate?
    public var startedAt: Timestamp?
    public var endedAt: Timestamp?
    public var tonnageKg: Double
    public var workingSets: Int
    public var workingSeconds: Double
    public var restingSeconds: Double

    public init(
        id: WorkoutID, status: WorkoutState.Status, name: String?, visibility: Audience?, plannedFor: CalendarDate?,
        startedAt: Timestamp?, endedAt: Timestamp?, tonnageKg: Double, workingSets: Int, workingSeconds: Double,
        restingSeconds: Double
    ) {
        self.id = id
        self.status = status
        self.name = name
        self.visibility = visibility
        self.plannedFor = plannedFor
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.tonnageKg = tonnageKg
        self.workingSets = workingSets
        self.workingSeconds = workingSeconds
        self.restingSeconds = restingSeconds
    }

    private enum CodingKeys: String, CodingKey {
        case id, status, name, visibility, plannedFor, startedAt, endedAt, tonnageKg, workingSets, workingSeconds
        case restingSeconds
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(status, forKey: .status)
        try container.encode(name, forKey: .name)
        try container.encode(visibility, forKey: .visibility)
        try container.encode(plannedFor, forKey: .plannedFor)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(endedAt, forKey: .endedAt)
        try container.encode(tonnageKg, forKey: .tonnageKg)
        try container.encode(workingSets, forKey: .workingSets)
        try container.encode(workingSeconds, forKey: .workingSeconds)
        try container.encode(restingSeconds, forKey: .restingSeconds)
    }
}
