import Foundation
import Protocol
import Store

/// What workouts were made from, and what is aimed at in them.
package struct WorkoutPlans: Sendable {
    /// The targets of one entry of a workout, as they are stored.
    struct Entry: Codable, Sendable, Hashable {
        var entry: EntryID
        var targets: [PlannedSet]
    }

    struct Plan: Sendable {
        let template: WorkoutTemplate
        let entries: [Entry]
    }

    let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    /// Stores a workout's plan, once: a repeat keeps the first. Within the caller's transaction.
    ///
    /// - Returns: whether it was the first.
    static func store(
        _ plan: Plan, of workout: WorkoutID, by user: UserID, at time: Timestamp,
        _ connection: isolated PostgresConnection
    ) throws -> Bool {
        let entries = JSONText(bytes: try JSONEncoder().encode(plan.entries))
        let template = plan.template
        let stored = try connection.execute(
            """
            insert into workout_plans (workout_id, user_id, template_id, template_version, week, day, entries,
                created_at)
            values (\(workout), \(user), \(template.templateId), \(template.version), \(template.week),
                \(template.day), \(entries), \(time))
            on conflict do nothing
            """)
        return stored > 0
    }

    /// The plan of a user's workout; nil for one that was made from nothing.
    func plan(of workout: WorkoutID, by user: UserID) async throws -> Plan? {
        let found = try await pool.first(
            """
            select template_id, template_version, week, day, entries from workout_plans
            where workout_id = \(workout) and user_id = \(user)
            """
        ) { row throws(StoreError) in
            let template = WorkoutTemplate(
                templateId: try row.next(), version: try row.next(), week: try row.next(), day: try row.next())
            return (template, try row.next(JSONText.self))
        }
        guard let (template, json) = found else { return nil }
        return Plan(template: template, entries: try JSONDecoder().decode([Entry].self, from: Data(json.text.utf8)))
    }

    /// Whether the user has completed a workout with at least one working set that was made from the template.
    func hasTrained(_ template: TemplateID, _ user: UserID) async throws -> Bool {
        try await pool.first(
            """
            select exists (select from workout_plans p join workouts w on w.id = p.workout_id
                where p.user_id = \(user) and p.template_id = \(template) and w.status = 'completed'
                    and w.working_sets > 0)
            """, as: Bool.self) ?? false
    }

    /// The latest week of the template that the user made workouts from, with its days; nil before the first.
    ///
    /// Deleted workouts do not count, nor does the one that is being made or any that came after the call which makes it,
    /// so that a retry of the call finds the same.
    func latestWeek(
        of template: TemplateID, _ user: UserID, before workout: WorkoutID, at time: Timestamp
    ) async throws -> (week: Int, days: [Int])? {
        let row = try await pool.first(
            """
            with made as (
                select p.workout_id, p.week, p.day from workout_plans p join workouts w on w.id = p.workout_id
                where p.user_id = \(user) and p.template_id = \(template) and p.workout_id <> \(workout)
                    and p.created_at <= \(time) and w.status <> 'deleted')
            select week, array_agg(day::bigint) from made
            where week = (select week from made order by workout_id desc limit 1)
            group by week
            """, as: (Int, [Int]).self)
        return row.map { (week: $0.0, days: $0.1) }
    }
}
