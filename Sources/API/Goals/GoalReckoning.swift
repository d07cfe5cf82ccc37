import Protocol

/// A goal with what workouts and measurements say of it.
struct ReckonedGoal: Sendable {
    let goal: StoredGoal
    /// Where the way begins; nil until the body is measured.
    let start: Double?
    /// Values on the way, oldest first; strength goals hold each workout's best, volume and consistency running totals.
    let points: [GoalPoint]

    /// The best value so far for strength, the latest for the others.
    var current: Double? {
        let best = goal.kind == .strength ? points.map(\.value).max() : points.last?.value
        guard let best else { return start }
        return goal.kind == .strength ? max(best, start ?? 0) : best
    }

    var fraction: Double {
        guard let start, let current else { return 0 }
        return goal.fraction(of: current, from: start)
    }

    /// The first point at each quarter of the way, as far as it was reached.
    var milestones: [GoalMilestone] {
        guard let start else { return [] }
        return [25, 50, 75, 100].compactMap { percent in
            points.first { goal.fraction(of: $0.value, from: start) >= Double(percent) / 100 }
                .map { GoalMilestone(percent: percent, reachedAt: $0.at, value: $0.value) }
        }
    }

    func wire(today: CalendarDate) -> Goal {
        Goal(
            id: goal.id, kind: goal.kind, title: goal.title, exerciseId: goal.exercise, metric: goal.metric,
            daysPerWeek: goal.daysPerWeek, startsOn: goal.startsOn, dueOn: goal.dueOn, startValue: start,
            target: goal.target, current: current, fraction: fraction, status: goal.status(today: today),
            isAchieved: goal.isAchieved, completedAt: goal.completedAt, milestones: goal.milestones,
            createdAt: goal.createdAt)
    }

    /// When a straight line through the points reaches the target, or why that cannot be told.
    func projection(_ profile: TrainingProfile, at now: Timestamp) -> (GoalProjection?, ProjectionGap?) {
        guard goal.status(today: profile.today) == .active else { return (nil, .notActive) }
        let reckoning = TrendReckoning(points.map { TrendPoint(at: $0.at, value: $0.value) })
        guard let line = reckoning.line else {
            return (nil, reckoning.missing == .fewerThanFivePoints ? .fewerThanFivePoints : .allOnOneDay)
        }
        let today = Double(now.milliseconds) / 86_400_000
        // A line that has passed the target already says today.
        let goesUp = goal.target >= start ?? 0
        let expected = line.forecast(day: today).value
        let isPast = goesUp ? expected >= goal.target : expected <= goal.target
        func date(_ day: Double) -> CalendarDate {
            // No projection goes beyond ten years; what a line of two close days says may be any number.
            let ahead = Int(clamping: (day - today).rounded(.up)).clamped(to: -36_525...36_525)
            return CalendarDate(daysSinceEpoch: profile.today.daysSinceEpoch + ahead)
        }
        guard let reached = isPast ? today : line.day(reaching: goal.target, after: today) else {
            return (nil, .leadsAway)
        }
        guard isPast || line.arrival(at: goal.target, after: today) != nil else { return (nil, .beyondTenYears) }
        let arrival = line.arrival(at: goal.target, after: today)
        let projected = date(reached)
        return (
            GoalProjection(
                date: projected, earliest: date(arrival?.earliest ?? today),
                latest: isPast ? date(arrival?.latest ?? today) : arrival?.latest.map(date),
                isInTime: goal.dueOn.map { projected <= $0 }),
            nil
        )
    }
}

/// Reckons goals from what was trained and measured, in as many queries for many goals as for one.
struct GoalReckoning: Sendable {
    let history: TrainingHistory
    let body: BodyMeasurements

    func reckon(_ goals: [StoredGoal], of user: UserID, _ profile: TrainingProfile) async throws -> [ReckonedGoal] {
        let zone = profile.timeZone
        let exercises = Array(Set(goals.compactMap(\.exercise)))
        let sets = Dictionary(
            grouping: try await history.workingSets(of: user, exercises: exercises, zone: zone), by: \.exercise)
        let values = Dictionary(
            grouping: try await body.dated(Array(Set(goals.compactMap(\.metric))), of: user, zone: zone), by: \.metric)
        let counting = goals.filter { $0.kind == .volume || $0.kind == .consistency }
        var sessions: [TrainedSession] = []
        if let first = counting.map(\.startsOn).min() {
            sessions = try await history.sessions(
                of: user, from: profile.weekStart.week(of: first), to: profile.today, zone: zone)
        }
        return try goals.map { goal in
            // Thousands of sets for each of them may take longer than anybody waits.
            try Task.checkCancellation()
            return switch goal.kind {
            case .strength: Self.strength(goal, goal.exercise.flatMap { sets[$0] } ?? [])
            case .body: Self.body(goal, (goal.metric.flatMap { values[$0] } ?? []).map { ($0.at, $0.date, $0.value) })
            case .volume: Self.volume(goal, sessions)
            case .consistency: Self.consistency(goal, sessions, profile.weekStart)
            }
        }
    }

    /// The best estimated 1RM before the goal began is its start; each workout's best is a point.
    private static func strength(_ goal: StoredGoal, _ sets: [TrainedSet]) -> ReckonedGoal {
        let before = sets.filter { $0.date < goal.startsOn }
        let start = StrengthReckoning.best(of: before, by: StrengthReckoning.recordEstimate)
            .map { Double($0.value) / 1000 }
        let bests = StrengthReckoning(sets: sets.filter { goal.counts($0.date) }).sessions.compactMap(\.strongest)
        let points = bests.map { GoalPoint(at: $0.achievedAt, value: $0.estimates.epleyKg) }
        return ReckonedGoal(
            goal: goal, start: goal.startValue ?? start ?? 0, points: points.sorted { $0.at < $1.at })
    }

    private static func body(
        _ goal: StoredGoal, _ values: [(at: Timestamp, date: CalendarDate, value: Double)]
    ) -> ReckonedGoal {
        let points = values.filter { goal.counts($0.date) }.map { GoalPoint(at: $0.at, value: $0.value) }
        let start = goal.startValue ?? values.last { $0.date < goal.startsOn }?.value ?? points.first?.value
        return ReckonedGoal(goal: goal, start: start, points: points)
    }

    private static func volume(_ goal: StoredGoal, _ sessions: [TrainedSession]) -> ReckonedGoal {
        var total: Int64 = 0
        let points = sessions.filter { goal.counts($0.date) }.map { session in
            total += session.tonnage
            return GoalPoint(at: session.at, value: Double(total) / 1000)
        }
        return ReckonedGoal(goal: goal, start: 0, points: points)
    }

    /// A week counts from the workout on that makes its days enough.
    private static func consistency(
        _ goal: StoredGoal, _ sessions: [TrainedSession], _ weekStart: WeekStart
    ) -> ReckonedGoal {
        let needed = goal.daysPerWeek ?? 1
        var days: [CalendarDate: Set<CalendarDate>] = [:]
        var points: [GoalPoint] = []
        for session in sessions where goal.counts(session.date) {
            let week = weekStart.week(of: session.date)
            guard days[week, default: []].insert(session.date).inserted, days[week]?.count == needed else { continue }
            points.append(GoalPoint(at: session.at, value: Double(points.count + 1)))
        }
        return ReckonedGoal(goal: goal, start: 0, points: points)
    }
}
