/// A week of a program; weeks repeat in turn until the program is over.
public struct TemplateWeek: Codable, Hashable, Sendable {
    public var days: [TemplateDay]

    public init(
        days: [TemplateDay]
    ) {
        self.days = days
    }
}

/// A training day.
public struct TemplateDay: Codable, Hashable, Sendable {
    public var name: String
    public var exercises: [TemplateExercise]

    public init(
        name: String, exercises: [TemplateExercise]
    ) {
        self.name = name
        self.exercises = exercises
    }
}

/// An exercise of a day with what is aimed at in each set.
public struct TemplateExercise: Codable, Hashable, Sendable {
    public var exerciseId: ExerciseID
    /// As the library had it when the template was written.
    public var name: String
    /// Exercises with the same group are done in turn.
    public var supersetGroup: Int?
    /// After each set.
    public var restSeconds: Double?
    public var note: String?
    /// How the weight moves from one time to the next; nil leaves it to the athlete.
    public var progression: ProgressionRule?
    public var sets: [SetTarget]

    public init(
        exerciseId: ExerciseID, name: String, supersetGroup: Int?, restSeconds: Double?, note: String?,
        progression: ProgressionRule?, sets: [SetTarget]
    ) {
        self.exerciseId = exerciseId
        self.name = name
        self.supersetGroup = supersetGroup
        self.restSeconds = restSeconds
        self.note = note
        self.progression = progression
        self.sets = sets
    }

    private enum CodingKeys: String, CodingKey {
        case exerciseId, name, supersetGroup, restSeconds, note, progression, sets
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(exerciseId, forKey: .exerciseId)
        try container.encode(name, forKey: .name)
        try container.encode(supersetGroup, forKey: .supersetGroup)
        try container.encode(restSeconds, forKey: .restSeconds)
        try container.encode(note, forKey: .note)
        try container.encode(progression, forKey: .progression)
        try container.encode(sets, forKey: .sets)
    }
}

/// What is aimed at in one set: at most one of weight, share of the 1RM, RPE and RIR sets the load.
public struct SetTarget: Codable, Hashable, Sendable {
    public var type: SetType
    /// Or the lower end of a range.
    public var reps: Int?
    /// The upper end of a range.
    public var repsMax: Int?
    public var weightKg: Double?
    /// Of the current estimated 1RM, 1…120.
    public var percentOfOneRepMax: Double?
    public var rpe: Double?
    public var rir: Int?
    public var durationSeconds: Double?
    public var distanceMeters: Double?

    public init(
        type: SetType = .normal, reps: Int? = nil, repsMax: Int? = nil, weightKg: Double? = nil,
        percentOfOneRepMax: Double? = nil, rpe: Double? = nil, rir: Int? = nil, durationSeconds: Double? = nil,
        distanceMeters: Double? = nil
    ) {
        self.type = type
        self.reps = reps
        self.repsMax = repsMax
        self.weightKg = weightKg
        self.percentOfOneRepMax = percentOfOneRepMax
        self.rpe = rpe
        self.rir = rir
        self.durationSeconds = durationSeconds
        self.distanceMeters = distanceMeters
    }

    private enum CodingKeys: String, CodingKey {
        case type, reps, repsMax, weightKg, percentOfOneRepMax, rpe, rir, durationSeconds, distanceMeters
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(reps, forKey: .reps)
        try container.encode(repsMax, forKey: .repsMax)
        try container.encode(weightKg, forKey: .weightKg)
        try container.encode(percentOfOneRepMax, forKey: .percentOfOneRepMax)
        try container.encode(rpe, forKey: .rpe)
        try container.encode(rir, forKey: .rir)
        try container.encode(durationSeconds, forKey: .durationSeconds)
        try container.encode(distanceMeters, forKey: .distanceMeters)
    }
}

/// A rule of progression, as data.
public struct ProgressionRule: Codable, Hashable, Sendable {
    public var kind: Kind
    /// What is added when the rule says so; 2.5 unless told.
    public var incrementKg: Double?

    public init(
        kind: Kind, incrementKg: Double?
    ) {
        self.kind = kind
        self.incrementKg = incrementKg
    }

    private enum CodingKeys: String, CodingKey {
        case kind, incrementKg
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(incrementKg, forKey: .incrementKg)
    }

    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// The weight goes up each time when all sets reached their repetitions.
        case linear
        /// Repetitions go up within their range first, then the weight.
        case double
    }
}
