/// What a set lets one expect of a single repetition, by three formulas.
public struct OneRepMaxEstimates: Codable, Hashable, Sendable {
    /// w·(1 + r/30); what records and charts use.
    public var epleyKg: Double
    /// 36·w/(37 − r); null from 37 repetitions on.
    public var brzyckiKg: Double?
    /// w·r^0.10.
    public var lombardiKg: Double
    /// From more than 10 repetitions.
    public var isUnsure: Bool

    public init(
        epleyKg: Double, brzyckiKg: Double?, lombardiKg: Double, isUnsure: Bool
    ) {
        self.epleyKg = epleyKg
        self.brzyckiKg = brzyckiKg
        self.lombardiKg = lombardiKg
        self.isUnsure = isUnsure
    }

    private enum CodingKeys: String, CodingKey {
        case epleyKg, brzyckiKg, lombardiKg, isUnsure
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(epleyKg, forKey: .epleyKg)
        try container.encode(brzyckiKg, forKey: .brzyckiKg)
        try container.encode(lombardiKg, forKey: .lombardiKg)
        try container.encode(isUnsure, forKey: .isUnsure)
    }
}

/// A working set with a weight, where it stands and what it is worth.
public struct LiftedSet: Codable, Hashable, Sendable {
    public var setId: SetID
    public var workoutId: WorkoutID
    public var weightKg: Double
    public var reps: Int
    public var achievedAt: Timestamp
    public var estimates: OneRepMaxEstimates

    public init(
        setId: SetID, workoutId: WorkoutID, weightKg: Double, reps: Int, achievedAt: Timestamp,
        estimates: OneRepMaxEstimates
    ) {
        self.setId = setId
        self.workoutId = workoutId
        self.weightKg = weightKg
        self.reps = reps
        self.achievedAt = achievedAt
        self.estimates = estimates
    }
}

/// An athlete's standing in one exercise.
public struct ExerciseStrength: Codable, Hashable, Sendable {
    public var exerciseId: ExerciseID
    public var name: String
    public var workingSets: Int
    public var lastTrainedAt: Timestamp
    /// The heaviest weight; the first set of equal ones.
    public var heaviest: LiftedSet?
    /// The best estimated 1RM from at most 15 repetitions.
    public var strongest: LiftedSet?

    public init(
        exerciseId: ExerciseID, name: String, workingSets: Int, lastTrainedAt: Timestamp, heaviest: LiftedSet?,
        strongest: LiftedSet?
    ) {
        self.exerciseId = exerciseId
        self.name = name
        self.workingSets = workingSets
        self.lastTrainedAt = lastTrainedAt
        self.heaviest = heaviest
        self.strongest = strongest
    }

    private enum CodingKeys: String, CodingKey {
        case exerciseId, name, workingSets, lastTrainedAt, heaviest, strongest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(exerciseId, forKey: .exerciseId)
        try container.encode(name, forKey: .name)
        try container.encode(workingSets, forKey: .workingSets)
        try container.encode(lastTrainedAt, forKey: .lastTrainedAt)
        try container.encode(heaviest, forKey: .heaviest)
        try container.encode(strongest, forKey: .strongest)
    }
}

/// A competition lift that scores are made of.
public enum ScoredLift: String, Codable, Sendable, CaseIterable { case squat, benchPress, deadlift }

/// What is missing for a strength score.
public enum ScoreGap: String, Codable, Sendable, CaseIterable { case bodyWeight, sex, squat, benchPress, deadlift }

/// The set that stands for one lift in a score.
public struct ScoredSet: Codable, Hashable, Sendable {
    public var lift: ScoredLift
    public var exerciseId: ExerciseID
    public var setId: SetID
    public var workoutId: WorkoutID
    public var estimatedOneRepMaxKg: Double

    public init(
        lift: ScoredLift, exerciseId: ExerciseID, setId: SetID, workoutId: WorkoutID, estimatedOneRepMaxKg: Double
    ) {
        self.lift = lift
        self.exerciseId = exerciseId
        self.setId = setId
        self.workoutId = workoutId
        self.estimatedOneRepMaxKg = estimatedOneRepMaxKg
    }
}

/// Points from the estimated 1RMs of squat, bench press and deadlift; null where `missing` is not empty.
public struct StrengthScores: Codable, Hashable, Sendable {
    public var lifts: [ScoredSet]
    /// Of the three lifts.
    public var totalKg: Double?
    /// The latest one measured.
    public var bodyWeightKg: Double?
    /// From the profile.
    public var sex: Sex?
    public var dots: Double?
    public var wilks: Double?
    /// For raw lifting.
    public var ipfGl: Double?
    /// What keeps the scores from being told; empty when nothing does.
    public var missing: [ScoreGap]

    public init(
        lifts: [ScoredSet], totalKg: Double?, bodyWeightKg: Double?, sex: Sex?, dots: Double?, wilks: Double?,
        ipfGl: Double?, missing: [ScoreGap]
    ) {
        self.lifts = lifts
        self.totalKg = totalKg
        self.bodyWeightKg = bodyWeightKg
        self.sex = sex
        self.dots = dots
        self.wilks = wilks
        self.ipfGl = ipfGl
        self.missing = missing
    }

    private enum CodingKeys: String, CodingKey {
        case lifts, totalKg, bodyWeightKg, sex, dots, wilks, ipfGl, missing
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lifts, forKey: .lifts)
        try container.encode(totalKg, forKey: .totalKg)
        try container.encode(bodyWeightKg, forKey: .bodyWeightKg)
        try container.encode(sex, forKey: .sex)
        try container.encode(dots, forKey: .dots)
        try container.encode(wilks, forKey: .wilks)
        try container.encode(ipfGl, forKey: .ipfGl)
        try container.encode(missing, forKey: .missing)
    }
}

/// `GET /v1/progress/strength`: exercises with a history, the last trained first, and the scores.
public struct StrengthPage: Codable, Hashable, Sendable {
    public var items: [ExerciseStrength]
    /// Null on the last page.
    public var nextCursor: String?
    public var scores: StrengthScores

    public init(
        items: [ExerciseStrength], nextCursor: String?, scores: StrengthScores
    ) {
        self.items = items
        self.nextCursor = nextCursor
        self.scores = scores
    }

    private enum CodingKeys: String, CodingKey {
        case items, nextCursor, scores
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(nextCursor, forKey: .nextCursor)
        try container.encode(scores, forKey: .scores)
    }
}

/// One exercise on one day of training.
public struct StrengthSession: Codable, Hashable, Sendable {
    public var workoutId: WorkoutID
    /// In the athlete's own zone.
    public var date: CalendarDate
    /// The best estimated 1RM from at most 15 repetitions.
    public var strongest: LiftedSet?
    public var heaviestKg: Double
    public var tonnageKg: Double
    public var workingSets: Int
    public var reps: Int

    public init(
        workoutId: WorkoutID, date: CalendarDate, strongest: LiftedSet?, heaviestKg: Double, tonnageKg: Double,
        workingSets: Int, reps: Int
    ) {
        self.workoutId = workoutId
        self.date = date
        self.strongest = strongest
        self.heaviestKg = heaviestKg
        self.tonnageKg = tonnageKg
        self.workingSets = workingSets
        self.reps = reps
    }

    private enum CodingKeys: String, CodingKey {
        case workoutId, date, strongest, heaviestKg, tonnageKg, workingSets, reps
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(workoutId, forKey: .workoutId)
        try container.encode(date, forKey: .date)
        try container.encode(strongest, forKey: .strongest)
        try container.encode(heaviestKg, forKey: .heaviestKg)
        try container.encode(tonnageKg, forKey: .tonnageKg)
        try container.encode(workingSets, forKey: .workingSets)
        try container.encode(reps, forKey: .reps)
    }
}

/// The heaviest weight that was lifted at least so often.
public struct RepRecord: Codable, Hashable, Sendable {
    public var reps: Int
    public var set: LiftedSet

    public init(
        reps: Int, set: LiftedSet
    ) {
        self.reps = reps
        self.set = set
    }
}

/// A value with its 95 % interval.
public struct Interval: Codable, Hashable, Sendable {
    public var value: Double
    public var low: Double
    public var high: Double

    public init(
        value: Double, low: Double, high: Double
    ) {
        self.value = value
        self.low = low
        self.high = high
    }
}

/// Why there is no trend or forecast.
public enum TrendGap: String, Codable, Sendable, CaseIterable {
    case fewerThanFivePoints, allOnOneDay, neverChanges
}

/// The straight line through a series.
public struct TrendReport: Codable, Hashable, Sendable {
    public var points: Int
    /// Change in a week; null where `missing` says why.
    public var perWeek: Interval?
    public var missing: TrendGap?

    public init(
        points: Int, perWeek: Interval?, missing: TrendGap?
    ) {
        self.points = points
        self.perWeek = perWeek
        self.missing = missing
    }

    private enum CodingKeys: String, CodingKey {
        case points, perWeek, missing
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(points, forKey: .points)
        try container.encode(perWeek, forKey: .perWeek)
        try container.encode(missing, forKey: .missing)
    }
}

/// `GET /v1/progress/strength/:exerciseId`: one exercise over time.
public struct ExerciseProgress: Codable, Hashable, Sendable {
    public var exerciseId: ExerciseID
    public var name: String
    /// Of the time asked for, oldest first.
    public var sessions: [StrengthSession]
    /// Of all time, for 1 to 15 repetitions.
    public var repRecords: [RepRecord]
    /// Of the sessions' best estimated 1RM, in kilograms.
    public var trend: TrendReport

    public init(
        exerciseId: ExerciseID, name: String, sessions: [StrengthSession], repRecords: [RepRecord], trend: TrendReport
    ) {
        self.exerciseId = exerciseId
        self.name = name
        self.sessions = sessions
        self.repRecords = repRecords
        self.trend = trend
    }
}
