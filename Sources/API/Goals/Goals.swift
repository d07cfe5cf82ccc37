import Protocol
import Realtime
import Store

/// Users' goals: stored, reckoned, and settled when what they rest on has changed.
struct Goals: Sendable {
    /// Goals that a user may have open at once.
    static let activeLimit = 50
    /// Goals of a user, open or over.
    static let limit = 1000

    let pool: PostgresPool
    let users: Users
    let exercises: Exercises
    let reckoning: GoalReckoning
    let now: @Sendable () -> Timestamp
    let live: LiveHooks

    init(pool: PostgresPool, now: @escaping @Sendable () -> Timestamp, live: LiveHooks = LiveHooks()) {
        self.pool = pool
        self.now = now
        self.live = live
        users = Users(pool: pool)
        exercises = Exercises(pool: pool)
        reckoning = GoalReckoning(history: TrainingHistory(pool: pool), body: BodyMeasurements(pool: pool))
    }

    func profile(of user: UserID) async throws -> TrainingProfile {
        try await users.trainingProfile(of: user, at: now())
    }

    /// The newest first, with their progress.
    func list(
        of user: UserID, _ query: GoalQuery, _ profile: TrainingProfile
    ) async throws -> [ReckonedGoal] {
        var conditions: [SQL] = ["g.user_id = \(user)"]
        if let kind = query.kind { conditions.append("g.kind = \(kind)") }
        let today = profile.today.description
        switch query.status {
        case .completed: conditions.append("g.status = 'completed'")
        case .missed: conditions.append("g.status = 'active' and g.due_on < \(today)::date")
        case .active: conditions.append("g.status = 'active' and (g.due_on is null or g.due_on >= \(today)::date)")
        case nil: break
        }
        if let after = query.page.after {
            conditions.append("(g.created_at, g.id) < (\(try after.time(0)), \(try after.id(1)))")
        }
        let goals = try await stored(
            where: SQL.join(conditions, separator: " and "), limit: query.page.rowsToRead, profile)
        return try await reckoning.reckon(goals, of: user, profile)
    }

    /// One goal with its progress; `notFound` for others'.
    func goal(_ id: GoalID, of user: UserID, _ profile: TrainingProfile) async throws -> ReckonedGoal {
        let goals = try await stored(where: "g.id = \(id) and g.user_id = \(user)", limit: 1, profile)
        guard let goal = try await reckoning.reckon(goals, of: user, profile).first else { throw Problem(.notFound) }
        return goal
    }

    /// Sets a goal; `invalidValues` for an exercise that there is not or a target that is reached already.
    func add(_ new: NewGoal, id: GoalID, of user: UserID, _ seed: CallSeed) async throws {
        let profile = try await profile(of: user)
        if let exercise = new.exercise, try await exercises.facts(of: [exercise], for: user)[exercise] == nil {
            throw Self.fault("/exerciseId", .unknownReference, "There is no such exercise.")
        }
        let startsOn = new.startsOn ?? profile.today
        let age = profile.today.daysSinceEpoch - startsOn.daysSinceEpoch
        guard (0...366).contains(age) else {
            throw Self.fault("/startsOn", .outOfRange, "Must be today or within the last year.")
        }
        if let due = new.dueOn, due < profile.today {
            throw Self.fault("/dueOn", .inconsistent, "Must not lie in the past.")
        }
        var goal = StoredGoal(
            id: id, kind: new.kind, title: new.title, exercise: new.exercise, metric: new.metric,
            daysPerWeek: new.daysPerWeek, startsOn: startsOn, dueOn: new.dueOn, startValue: nil, target: new.target,
            completedAt: nil, isAchieved: false, completedOn: nil, version: 1, createdAt: seed.at)
        let reckoned = try await reckoning.reckon([goal], of: user, profile).first
        // A goal of the past keeps the start it had; one from today on begins with what is reached by now.
        goal.startValue =
            new.kind == .strength || new.kind == .body
            ? startsOn == profile.today ? reckoned?.current : reckoned?.start : 0
        if let start = goal.startValue, new.kind == .strength ? start >= new.target : start == new.target {
            throw Self.fault("/target", .inconsistent, "Is reached already.")
        }
        try await insert(goal, of: user, seed)
    }

    private func insert(_ goal: StoredGoal, of user: UserID, _ seed: CallSeed) async throws {
        try await pool.transaction { connection in
            // Two at once wait for each other here, so that the limit holds.
            try connection.execute("select 1 from users where id = \(user) for no key update")
            let counts = try connection.first(
                "select count(*) filter (where status = 'active'), count(*) from goals where user_id = \(user)",
                as: (Int, Int).self)
            let (active, all) = counts ?? (0, 0)
            guard active < Self.activeLimit else {
                throw Problem(.limitReached, detail: "At most \(Self.activeLimit) goals may be open at once.")
            }
            guard all < Self.limit else {
                throw Problem(.limitReached, detail: "At most \(Self.limit) goals; delete old ones.")
            }
            let added = try connection.execute(
                """
                insert into goals (id, user_id, kind, title, exercise_id, metric, days_per_week, starts_on, due_on,
                    start_value, target, created_at)
                values (\(goal.id), \(user), \(goal.kind), \(goal.title), \(goal.exercise), \(goal.metric),
                    \(goal.daysPerWeek), \(goal.startsOn.description)::date, \(goal.dueOn?.description)::date,
                    \(goal.startValue), \(goal.target), \(goal.createdAt))
                on conflict (id) do nothing
                """)
            guard added > 0 else { throw Problem(.idTaken) }
            try seed.noteMade(connection)
            try connection.noteTrainingChange(of: [user])
        }
    }

    /// Changes an open goal; `wrongState` when it is over, `preconditionFailed` when it is not at `version`, if given.
    func change(_ id: GoalID, of user: UserID, _ change: GoalChange, version: Int?) async throws {
        try await pool.transaction { connection in
            var goal = try connection.openGoal(id, of: user)
            if let version, goal.version != version { throw Problem(.preconditionFailed) }
            goal.title = change.title ?? goal.title
            if let target = change.target, let detail = NewGoal.fault(of: target, goal.kind, goal.metric) {
                throw Self.fault("/target", .outOfRange, detail)
            }
            goal.target = change.target ?? goal.target
            goal.dueOn = change.dueOn.applied(to: goal.dueOn)
            if let due = goal.dueOn, due < goal.startsOn {
                throw Self.fault("/dueOn", .inconsistent, "Must not lie before the start.")
            }
            if goal.target == goal.startValue {
                throw Self.fault("/target", .inconsistent, "Is where the goal began.")
            }
            try connection.execute(
                """
                update goals set title = \(goal.title), target = \(goal.target),
                    due_on = \(goal.dueOn?.description)::date, version = version + 1 where id = \(id)
                """)
            try connection.noteTrainingChange(of: [user])
        }
    }

    /// Ends an open goal by hand; `wrongState` when it is over.
    func complete(_ id: GoalID, of user: UserID, at time: Timestamp) async throws {
        try await pool.transaction { connection in
            _ = try connection.openGoal(id, of: user)
            try connection.execute(
                """
                update goals set status = 'completed', completed_at = \(time), version = version + 1 where id = \(id)
                """)
        }
    }

    /// Whether a call made at `time` has ended the goal.
    func isEnded(_ id: GoalID, of user: UserID, at time: Timestamp) async throws -> Bool {
        try await pool.first(
            """
            select status = 'completed' and completed_at is not distinct from \(time)::timestamptz from goals
            where id = \(id) and user_id = \(user)
            """, as: Bool.self) ?? false
    }

    func delete(_ id: GoalID, of user: UserID) async throws {
        let deleted = try await pool.execute("delete from goals where id = \(id) and user_id = \(user)")
        guard deleted > 0 else { throw Problem(.notFound) }
    }

    /// Goals with their milestones, the newest first.
    func stored(where condition: SQL, limit: Int, _ profile: TrainingProfile) async throws -> [StoredGoal] {
        let zone = profile.timeZone
        var goals = try await pool.rows(
            GoalStatements.goals(where: condition, zone: zone, limit: limit), StoredGoal.read)
        guard !goals.isEmpty else { return [] }
        let rows = try await pool.query(
            """
            select goal_id, percent, reached_at, value from goal_milestones
            where goal_id = any(\(goals.map(\.id))) order by percent
            """, as: (GoalID, Int, Timestamp, Double).self)
        let milestones = Dictionary(grouping: rows, by: \.0)
        for index in goals.indices {
            goals[index].milestones = (milestones[goals[index].id] ?? []).map {
                GoalMilestone(percent: $0.1, reachedAt: $0.2, value: $0.3)
            }
        }
        return goals
    }

    private static func fault(_ pointer: String, _ code: FaultCode, _ detail: String) -> Problem {
        Problem(.invalidValues, errors: [Problem.Fault(pointer: pointer, code: code, detail: detail)])
    }
}

extension PostgresConnection {
    /// Locks an open goal of the user's; `notFound` and `wrongState` for others.
    fileprivate func openGoal(_ id: GoalID, of user: UserID) throws -> StoredGoal {
        let found = try first(
            """
            select \(StoredGoal.columns(zone: "UTC")) from goals g where g.id = \(id) and g.user_id = \(user) for update
            """, StoredGoal.read)
        guard let goal = found else { throw Problem(.notFound) }
        guard goal.isActive else { throw Problem(.wrongState, detail: "The goal is over.") }
        return goal
    }
}
