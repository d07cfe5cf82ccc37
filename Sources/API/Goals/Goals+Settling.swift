import Protocol
import Store

extension Goals {
    /// Athletes that one round of the sweep settles at most.
    private static let athletesAtOnce = 100

    /// Brings the user's goals up to date if anything they rest on has changed since the last time.
    func settle(_ user: UserID) async throws {
        let seen = try await pool.first(
            "select changed_at::text from training_changes where user_id = \(user)", as: String.self)
        if let seen { try await settle(user, seen: seen) }
    }

    /// Settles athletes whose changes nobody has read yet; answers how many.
    ///
    /// One whose goals cannot be reckoned goes to the end of the queue and is told to `failed`.
    func settleSome(failed: @Sendable (UserID, any Error) -> Void) async throws -> Int {
        let changed = try await pool.query(
            """
            select user_id, changed_at::text as seen from training_changes
            order by changed_at limit \(Self.athletesAtOnce)
            """, as: (UserID, String).self)
        var settled = 0
        for (user, seen) in changed {
            do {
                try await settle(user, seen: seen)
                settled += 1
            } catch {
                try await pool.execute(
                    """
                    update training_changes set changed_at = clock_timestamp()
                    where user_id = \(user) and changed_at = \(seen)::timestamptz
                    """)
                failed(user, error)
            }
        }
        return settled
    }

    /// Records the milestones reached, enqueues the mails that are wanted of them and completes what is achieved, in one
    /// transaction with taking the change off; then tells the athlete's open connections what was recorded.
    ///
    /// A change that comes meanwhile has another time and stays noted. Settling twice at once is harmless: milestones
    /// are unique. A process that ends before it has told anybody loses nothing: what is not seen comes with the next
    /// hello.
    private func settle(_ user: UserID, seen: String) async throws {
        let profile = try await profile(of: user)
        let open = try await stored(
            where: "g.user_id = \(user) and g.status = 'active'", limit: Goals.activeLimit, profile)
        let reckoned = try await reckoning.reckon(open, of: user, profile)
        let reached = reckoned.flatMap { goal in
            let known = Set(goal.goal.milestones.map(\.percent))
            return goal.milestones.filter { !known.contains($0.percent) }.map { Reached(goal.goal, $0) }
        }
        let achieved = reached.filter { $0.milestone.percent == 100 }
        let channels = reached.isEmpty ? nil : try await MilestoneNotices(pool: pool).channels(of: user)
        let time = now()
        let recorded = try await pool.transaction { connection in
            let new = Set(
                try connection.query(
                    """
                    insert into goal_milestones (goal_id, percent, user_id, reached_at, value, noticed_at, notice_id)
                    select m.goal, m.percent, g.user_id, m.at, m.value, \(time), m.notice
                    from unnest(\(reached.map(\.goal.id))::uuid[], \(reached.map { Int32($0.milestone.percent) })::integer[],
                        \(reached.map(\.milestone.reachedAt))::timestamptz[],
                        \(reached.map(\.milestone.value))::float8[], \(reached.map(\.notice))::uuid[])
                        m (goal, percent, at, value, notice)
                    join goals g on g.id = m.goal and g.status = 'active'
                    on conflict do nothing
                    returning notice_id
                    """, as: NoticeID.self))
            let recorded = reached.filter { new.contains($0.notice) }
            if channels?.email == true {
                let mails = recorded.map {
                    MilestoneMail(userId: user, goalId: $0.goal.id, percent: $0.milestone.percent)
                }
                try Jobs(now: now).enqueue(all: mails, on: connection)
            }
            try connection.execute(
                """
                update goals set status = 'completed', is_achieved = true, completed_at = m.at, version = version + 1
                from unnest(\(achieved.map(\.goal.id))::uuid[],
                    \(achieved.map(\.milestone.reachedAt))::timestamptz[]) m (goal, at)
                where id = m.goal and status = 'active'
                """)
            try connection.execute(
                "delete from training_changes where user_id = \(user) and changed_at = \(seen)::timestamptz")
            return recorded
        }
        if channels?.inApp == true, !recorded.isEmpty { live.noticed(user, recorded.map(\.told)) }
    }

    /// A milestone that nobody has recorded yet, under the id that it will be told by.
    private struct Reached: Sendable {
        let goal: StoredGoal
        let milestone: GoalMilestone
        let notice = NoticeID.make()

        init(_ goal: StoredGoal, _ milestone: GoalMilestone) {
            self.goal = goal
            self.milestone = milestone
        }

        var told: Notice {
            let content = GoalMilestoneNotice(
                goalId: goal.id, title: goal.title, percent: Int64(milestone.percent), reachedAt: milestone.reachedAt)
            return Notice(id: notice, content: .goalMilestone(content))
        }
    }
}
