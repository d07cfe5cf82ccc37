/// What a goal is about, and what its values mean.
public enum GoalKind: String, Codable, Sendable, CaseIterable {
    /// An estimated 1RM of one exercise, in kilograms.
    case strength
    /// A metric of the body, in its own unit.
    case body
    /// Weeks with at least `daysPerWeek` days of training.
    case consistency
    /// Kilograms × repetitions of working sets, all workouts together.
    case volume
}

/// Where a goal stands.
public enum GoalStatus: String, Codable, Sendable, CaseIterable {
    case active
    /// Reached, or ended by its owner.
    case completed
    /// Its day has passed before it was reached.
    case missed
}

/// A quarter of the way, told once and never taken back.
public struct GoalMilestone: Codable, Hashable, Sendable {
    /// 25, 50, 75 or 100.
    public var percent: Int
    /// The time of the set, workout or measurement that reached it.
    public var reachedAt: Timestamp
    public var value: Double

    public init(
        percent: Int, reachedAt: Timestamp, value: Double
    ) {
        self.percent = percent
        self.reachedAt = reachedAt
        self.value = value
    }
}

/// Something to reach; its progress comes from workouts and measurements by itself.
public struct Goal: Codable, Hashable, Sendable {
    public var id: GoalID
    public var kind: GoalKind
    public var title: String
    /// Of a strength goal.
    public var exerciseId: ExerciseID?
    /// Of a body goal.
    public var metric: BodyMetric?
    /// Of a consistency goal.
    public var daysPerWeek: Int?
    /// What was done from this day on counts.
    public var startsOn: CalendarDate
    /// What was done up to this day counts.
    public var dueOn: CalendarDate?
    /// Null until the body is measured.
    public var startValue: Double?
    /// Kilograms, the metric's unit or weeks, by the kind.
    public var target: Double
    /// Null until the body is measured.
    public var current: Double?
    /// Of the way from the start to the target, 0…1.
    public var fraction: Double
    public var status: GoalStatus
    /// Whether the target was reached.
    public var isAchieved: Bool
    public var completedAt: Timestamp?
    public var milestones: [GoalMilestone]
    public var createdAt: Timestamp

    public init(
        id: GoalID, kind: GoalKind, title: String, exerciseId: ExerciseID?, metric: BodyMetric?, daysPerWeek: Int?,
        startsOn: CalendarDate, dueOn: CalendarDate?, startValue: Double?, target: Double, current: Double?,
        fraction: Double, status: GoalStatus, isAchieved: Bool, completedAt: Timestamp?, milestones: [GoalMilestone],
        createdAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.title = title
        self.exerciseId = exerciseId
        self.metric = metric
        self.daysPerWeek = daysPerWeek
        self.startsOn = startsOn
        self.dueOn = dueOn
        self.startValue = startValue
        self.target = target
        self.current = current
        self.fraction = fraction
        self.status = status
        self.isAchieved = isAchieved
        self.completedAt = completedAt
        self.milestones = milestones
        self.createdAt = createdAt
    }

    private enum CodingKeys: String, CodingKey {
        case id, kind, title, exerciseId, metric, daysPerWeek, startsOn, dueOn, startValue, target, current, fraction
        case status, isAchieved, completedAt, milestones, createdAt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(title, forKey: .title)
        try container.encode(exerciseId, forKey: .exerciseId)
        try container.encode(metric, forKey: .metric)
        try container.encode(daysPerWeek, forKey: .daysPerWeek)
        try container.encode(startsOn, forKey: .startsOn)
        try container.encode(dueOn, forKey: .dueOn)
        try container.encode(startValue, forKey: .startValue)
        try container.encode(target, forKey: .target)
        try container.encode(current, forKey: .current)
        try container.encode(fraction, forKey: .fraction)
        try container.encode(status, forKey: .status)
        try container.encode(isAchieved, forKey: .isAchieved)
        try container.encode(completedAt, forKey: .completedAt)
        try container.encode(milestones, forKey: .milestones)
        try container.encode(createdAt, forKey: .createdAt)
    }
}

/// A value on the way.
public struct GoalPoint: Codable, Hashable, Sendable {
    public var at: Timestamp
    public var value: Double

    public init(
        at: Timestamp, value: Double
    ) {
        self.at = at
        self.value = value
    }
}

/// Why there is no projected date.
public enum ProjectionGap: String, Codable, Sendable, CaseIterable {
    case notActive, fewerThanFivePoints, allOnOneDay, leadsAway, beyondTenYears
}

/// When a straight line through the points reaches the target.
public struct GoalProjection: Codable, Hashable, Sendable {
    public var date: CalendarDate
    /// The first day on which the 95 % interval holds the target.
    public var earliest: CalendarDate
    /// The day from which on it lies beyond the target; null when that is more than ten years off.
    public var latest: CalendarDate?
    /// Whether the date lies within the goal's time; null without one.
    public var isInTime: Bool?

    public init(
        date: CalendarDate, earliest: CalendarDate, latest: CalendarDate?, isInTime: Bool?
    ) {
        self.date = date
        self.earliest = earliest
        self.latest = latest
        self.isInTime = isInTime
    }

    private enum CodingKeys: String, CodingKey {
        case date, earliest, latest, isInTime
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(date, forKey: .date)
        try container.encode(earliest, forKey: .earliest)
        try container.encode(latest, forKey: .latest)
        try container.encode(isInTime, forKey: .isInTime)
    }
}

/// `GET /v1/goals/:id/progress`
public struct GoalProgress: Codable, Hashable, Sendable {
    public var goal: Goal
    /// At most the latest 1,000, oldest first.
    public var points: [GoalPoint]
    /// Null where `missing` says why.
    public var projection: GoalProjection?
    public var missing: ProjectionGap?

    public init(
        goal: Goal, points: [GoalPoint], projection: GoalProjection?, missing: ProjectionGap?
    ) {
        self.goal = goal
        self.points = points
        self.projection = projection
        self.missing = missing
    }

    private enum CodingKeys: String, CodingKey {
        case goal, points, projection, missing
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(goal, forKey: .goal)
        try container.encode(points, forKey: .points)
        try container.encode(projection, forKey: .projection)
        try container.encode(missing, forKey: .missing)
    }
}

/// How goals of one kind went.
public struct GoalKindStatistics: Codable, Hashable, Sendable {
    public var kind: GoalKind
    public var goals: Int
    public var active: Int
    public var achieved: Int
    /// Those ended by hand before their target included.
    public var missed: Int
    /// Achieved ones among those that are over; null when none is.
    public var hitRate: Double?
    /// From the start to the target; null when none was achieved.
    public var medianDaysToGoal: Double?

    public init(
        kind: GoalKind, goals: Int, active: Int, achieved: Int, missed: Int, hitRate: Double?, medianDaysToGoal: Double?
    ) {
        self.kind = kind
        self.goals = goals
        self.active = active
        self.achieved = achieved
        self.missed = missed
        self.hitRate = hitRate
        self.medianDaysToGoal = medianDaysToGoal
    }

    private enum CodingKeys: String, CodingKey {
        case kind, goals, active, achieved, missed, hitRate, medianDaysToGoal
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(goals, forKey: .goals)
        try container.encode(active, forKey: .active)
        try container.encode(achieved, forKey: .achieved)
        try container.encode(missed, forKey: .missed)
        try container.encode(hitRate, forKey: .hitRate)
        try container.encode(medianDaysToGoal, forKey: .medianDaysToGoal)
    }
}

/// `GET /v1/goals/analytics`
public struct GoalAnalytics: Codable, Hashable, Sendable {
    public var goals: Int
    public var active: Int
    public var achieved: Int
    public var missed: Int
    public var hitRate: Double?
    public var medianDaysToGoal: Double?
    public var kinds: [GoalKindStatistics]

    public init(
        goals: Int, active: Int, achieved: Int, missed: Int, hitRate: Double?, medianDaysToGoal: Double?,
        kinds: [GoalKindStatistics]
    ) {
        self.goals = goals
        self.active = active
        self.achieved = achieved
        self.missed = missed
        self.hitRate = hitRate
        self.medianDaysToGoal = medianDaysToGoal
        self.kinds = kinds
    }

    private enum CodingKeys: String, CodingKey {
        case goals, active, achieved, missed, hitRate, medianDaysToGoal, kinds
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(goals, forKey: .goals)
        try container.encode(active, forKey: .active)
        try container.encode(achieved, forKey: .achieved)
        try container.encode(missed, forKey: .missed)
        try container.encode(hitRate, forKey: .hitRate)
        try container.encode(medianDaysToGoal, forKey: .medianDaysToGoal)
        try container.encode(kinds, forKey: .kinds)
    }
}
