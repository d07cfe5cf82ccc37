import Protocol
import Store

/// The milestones that athletes have not seen yet; recorded with the milestone itself, so that none is lost or doubled.
struct MilestoneNotices: Sendable {
    let pool: PostgresPool

    /// Where the user wants to hear of them.
    func channels(of user: UserID) async throws -> NotificationChannels {
        let (preferences, _) = try await Users(pool: pool).preferences(of: user)
        return preferences.notifications[NotificationKind.goalMilestone.rawValue]
            ?? NotificationChannels(inApp: true, email: false)
    }

    /// The oldest first; none while the user does not want to hear of them.
    func unseen(by user: UserID, limit: Int) async throws -> [Notice] {
        guard try await channels(of: user).inApp else { return [] }
        return try await pool.rows(
            """
            select m.notice_id, m.goal_id, g.title, m.percent::bigint, m.reached_at
            from goal_milestones m join goals g on g.id = m.goal_id
            where m.user_id = \(user) and m.seen_at is null and m.notice_id is not null
            order by m.noticed_at, m.goal_id, m.percent limit \(limit)
            """
        ) { row throws(StoreError) in
            Notice(
                id: try row.next(),
                content: .goalMilestone(
                    GoalMilestoneNotice(
                        goalId: try row.next(), title: try row.next(), percent: try row.next(),
                        reachedAt: try row.next())))
        }
    }

    /// Others' notices stay as they are.
    func markSeen(_ notices: [NoticeID], by user: UserID) async throws {
        try await pool.execute(
            """
            update goal_milestones set seen_at = now()
            where notice_id = any(\(notices)) and user_id = \(user) and seen_at is null
            """)
    }
}
