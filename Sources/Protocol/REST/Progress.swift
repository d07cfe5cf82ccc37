/// What a record is about.
public enum TrainingRecordKind: String, Codable, Sendable, CaseIterable {
    /// Kilograms.
    case heaviestWeight
    /// Kilograms, by Epley's formula, from at most 15 repetitions.
    case bestEstimatedOneRepMax
    /// Repetitions at `weightKg`, unless a heavier set had as many.
    case mostReps
    /// Kilograms × repetitions of one set.
    case bestSetTonnage
    /// Kilograms × repetitions of one exercise in one workout; its set is the last of them.
    case bestSessionTonnage
    /// Seconds.
    case longest
    /// Meters.
    case farthest
}

/// A best of one exercise and the set that holds it; of equal sets the first one.
public struct TrainingRecord: Codable, Hashable, Sendable {
    public var kind: TrainingRecordKind
    /// Kilograms, repetitions, seconds or meters, by the kind.
    public var value: Double
    public var setId: SetID
    public var workoutId: WorkoutID
    public var weightKg: Double?
    public var reps: Int?
    public var achievedAt: Timestamp
    /// An estimate from more than ten repetitions.
    public var isUnsure: Bool

    public init(
        kind: TrainingRecordKind, value: Double, setId: SetID, workoutId: WorkoutID, weightKg: Double?, reps: Int?,
        achievedAt: Timestamp, isUnsure: Bool = false
    ) {
        self.kind = kind
        self.value = value
        self.setId = setId
        self.workoutId = workoutId
        self.weightKg = weightKg
        self.reps = reps
        self.achievedAt = achievedAt
        self.isUnsure = isUnsure
    }

    private enum CodingKeys: String, CodingKey {
        case kind, value, setId, workoutId, weightKg, reps, achievedAt, isUnsure
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(value, forKey: .value)
        try container.encode(setId, forKey: .setId)
        try container.encode(workoutId, forKey: .workoutId)
        try container.encode(weightKg, forKey: .weightKg)
        try container.encode(reps, forKey: .reps)
        try container.encode(achievedAt, forKey: .achievedAt)
        try container.encode(isUnsure, forKey: .isUnsure)
    }
}

/// The records of one exercise.
public struct ExerciseRecords: Codable, Hashable, Sendable {
    public var exerciseId: ExerciseID
    public var name: String
    public var lastTrainedAt: Timestamp
    public var records: [TrainingRecord]

    public init(
        exerciseId: ExerciseID, name: String, lastTrainedAt: Timestamp, records: [TrainingRecord]
    ) {
        self.exerciseId = exerciseId
        self.name = name
        self.lastTrainedAt = lastTrainedAt
        self.records = records
    }
}

/// What one muscle was given.
public struct MuscleVolume: Codable, Hashable, Sendable {
    public var muscle: String
    /// A working set counts 1 for its primary and 0.5 for its secondary muscles.
    public var hardSets: Double
    /// Shared out in the same way.
    public var tonnageKg: Double

    public init(
        muscle: String, hardSets: Double, tonnageKg: Double
    ) {
        self.muscle = muscle
        self.hardSets = hardSets
        self.tonnageKg = tonnageKg
    }
}

/// One week of training; weeks without any are shown too.
public struct VolumeWeek: Codable, Hashable, Sendable {
    public var start: CalendarDate
    public var workouts: Int
    public var workingSets: Int
    /// Σ weight × repetitions of working sets.
    public var tonnageKg: Double
    /// By name; sets of exercises outside the library count for no muscle.
    public var muscles: [MuscleVolume]

    public init(
        start: CalendarDate, workouts: Int, workingSets: Int, tonnageKg: Double, muscles: [MuscleVolume]
    ) {
        self.start = start
        self.workouts = workouts
        self.workingSets = workingSets
        self.tonnageKg = tonnageKg
        self.muscles = muscles
    }
}

/// `GET /v1/progress/volume`: the latest weeks, oldest first.
public struct VolumeReport: Codable, Hashable, Sendable {
    public var timeZone: String
    public var weekStart: WeekStart
    public var weeks: [VolumeWeek]

    public init(
        timeZone: String, weekStart: WeekStart, weeks: [VolumeWeek]
    ) {
        self.timeZone = timeZone
        self.weekStart = weekStart
        self.weeks = weeks
    }
}

/// Unbroken runs of training.
public struct StreakReport: Codable, Hashable, Sendable {
    public var current: Int
    public var longest: Int

    public init(
        current: Int, longest: Int
    ) {
        self.current = current
        self.longest = longest
    }
}

/// Training load of the last days from sessions' RPE × minutes; it describes load, not a risk of injury.
public struct LoadReport: Codable, Hashable, Sendable {
    /// Of the last seven days, in RPE × minutes.
    public var week: Double
    /// Mean of the seven days over their deviation; null when all are equal.
    public var monotony: Double?
    public var strain: Double?
    /// 7-day over 28-day mean; null without load in 28 days.
    public var acuteToChronic: Double?
    /// Of the last 28 days.
    public var sessions: Int
    /// Those of them whose RPE is not known and that count as no load.
    public var sessionsWithoutRpe: Int

    public init(
        week: Double, monotony: Double?, strain: Double?, acuteToChronic: Double?, sessions: Int,
        sessionsWithoutRpe: Int
    ) {
        self.week = week
        self.monotony = monotony
        self.strain = strain
        self.acuteToChronic = acuteToChronic
        self.sessions = sessions
        self.sessionsWithoutRpe = sessionsWithoutRpe
    }

    private enum CodingKeys: String, CodingKey {
        case week, monotony, strain, acuteToChronic, sessions, sessionsWithoutRpe
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(week, forKey: .week)
        try container.encode(monotony, forKey: .monotony)
        try container.encode(strain, forKey: .strain)
        try container.encode(acuteToChronic, forKey: .acuteToChronic)
        try container.encode(sessions, forKey: .sessions)
        try container.encode(sessionsWithoutRpe, forKey: .sessionsWithoutRpe)
    }
}

/// A record of the last 30 days.
public struct RecentRecord: Codable, Hashable, Sendable {
    public var exerciseId: ExerciseID
    public var name: String
    public var record: TrainingRecord

    public init(
        exerciseId: ExerciseID, name: String, record: TrainingRecord
    ) {
        self.exerciseId = exerciseId
        self.name = name
        self.record = record
    }
}

/// `GET /v1/progress/analytics`: what matters, in one call.
public struct ProgressDashboard: Codable, Hashable, Sendable {
    /// In the athlete's own zone.
    public var today: CalendarDate
    public var timeZone: String
    public var weekStart: WeekStart
    public var dayStreak: StreakReport
    public var weekStreak: StreakReport
    /// This week and the three before it, oldest first.
    public var weeks: [VolumeWeek]
    public var load: LoadReport
    /// At most 10, the latest first.
    public var recentRecords: [RecentRecord]
    public var bodyWeight: BodyTrend
    public var scores: StrengthScores

    public init(
        today: CalendarDate, timeZone: String, weekStart: WeekStart, dayStreak: StreakReport, weekStreak: StreakReport,
        weeks: [VolumeWeek], load: LoadReport, recentRecords: [RecentRecord], bodyWeight: BodyTrend,
        scores: StrengthScores
    ) {
        self.today = today
        self.timeZone = timeZone
        self.weekStart = weekStart
        self.dayStreak = dayStreak
        self.weekStreak = weekStreak
        self.weeks = weeks
        self.load = load
        self.recentRecords = recentRecords
        self.bodyWeight = bodyWeight
        self.scores = scores
    }
}
