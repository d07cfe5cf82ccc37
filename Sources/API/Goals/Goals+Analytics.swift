import Protocol
import Store

extension Goals {
    /// How the user's goals went, in all and by kind.
    func analytics(of user: UserID, _ profile: TrainingProfile) async throws -> GoalAnalytics {
        let rows = try await pool.query(
            """
            select kind, count(*),
                count(*) filter (where status = 'active' and (due_on is null or due_on >= today)),
                count(*) filter (where is_achieved),
                percentile_cont(0.5) within group (
                    order by extract(epoch from completed_at - created_at)::float8 / 86400)
                    filter (where is_achieved)
            from goals, (select \(profile.today.description)::date) t (today)
            where user_id = \(user) group by grouping sets ((kind), ())
            """, as: (GoalKind?, Int, Int, Int, Double?).self)
        var analytics = GoalAnalytics(
            goals: 0, active: 0, achieved: 0, missed: 0, hitRate: nil, medianDaysToGoal: nil, kinds: [])
        for (kind, goals, active, achieved, median) in rows {
            let over = goals - active
            let rate = over > 0 ? Double(achieved) / Double(over) : nil
            // Work from before a goal was set may have reached it at once.
            let days = median.map { max(0, $0) }
            if let kind {
                analytics.kinds.append(
                    GoalKindStatistics(
                        kind: kind, goals: goals, active: active, achieved: achieved, missed: over - achieved,
                        hitRate: rate, medianDaysToGoal: days))
            } else {
                analytics = GoalAnalytics(
                    goals: goals, active: active, achieved: achieved, missed: over - achieved, hitRate: rate,
                    medianDaysToGoal: days, kinds: analytics.kinds)
            }
        }
        analytics.kinds.sort { $0.kind.rawValue < $1.kind.rawValue }
        return analytics
    }
}
