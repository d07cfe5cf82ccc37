/// The training day a workout was made from.
public struct WorkoutTemplate: Codable, Hashable, Sendable {
    public var templateId: TemplateID
    public var version: Int
    /// Of the whole program, from 1.
    public var week: Int
    /// Of the week, from 1.
    public var day: Int

    public init(
        templateId: TemplateID, version: Int, week: Int, day: Int
    ) {
        self.templateId = templateId
        self.version = version
        self.week = week
        self.day = day
    }
}

/// What is aimed at in one set of a workout, and why.
public struct PlannedSet: Codable, Hashable, Sendable {
    public var type: SetType
    /// Or the lower end of a range.
    public var reps: Int?
    /// The upper end of a range.
    public var repsMax: Int?
    /// Rounded to what can be loaded; nil where there is nothing to go by.
    public var weightKg: Double?
    public var rpe: Double?
    public var rir: Int?
    public var durationSeconds: Double?
    public var distanceMeters: Double?
    public var reason: Reason
    /// For the athlete, one sentence.
    public var why: String

    public init(
        type: SetType, reps: Int?, repsMax: Int?, weightKg: Double?, rpe: Double?, rir: Int?, durationSeconds: Double?,
        distanceMeters: Double?, reason: Reason, why: String
    ) {
        self.type = type
        self.reps = reps
        self.repsMax = repsMax
        self.weightKg = weightKg
        self.rpe = rpe
        self.rir = rir
        self.durationSeconds = durationSeconds
        self.distanceMeters = distanceMeters
        self.reason = reason
        self.why = why
    }

    private enum CodingKeys: String, CodingKey {
        case type, reps, repsMax, weightKg, rpe, rir, durationSeconds, distanceMeters, reason, why
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(reps, forKey: .reps)
        try container.encode(repsMax, forKey: .repsMax)
        try container.encode(weightKg, forKey: .weightKg)
        try container.encode(rpe, forKey: .rpe)
        try container.encode(rir, forKey: .rir)
        try container.encode(durationSeconds, forKey: .durationSeconds)
        try container.encode(distanceMeters, forKey: .distanceMeters)
        try container.encode(reason, forKey: .reason)
        try container.encode(why, forKey: .why)
    }

    public enum Reason: String, Codable, Sendable, CaseIterable {
        /// The template gives the weight, or needs none.
        case template
        /// As it was lifted last.
        case lastTime
        /// There is no earlier set to go by.
        case firstTime
        /// Every working set reached the top of its repetitions: more weight.
        case allRepsReached
        /// Some set fell short: the same weight again.
        case repsMissing
        /// Three sessions without progress: 10 % less.
        case stalled
        /// From the estimated 1RM.
        case intensity
    }
}
