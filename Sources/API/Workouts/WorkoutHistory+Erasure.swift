import Protocol
import Store

extension WorkoutHistory {
    /// Workouts that one transaction of an erasure removes.
    private static let erasedAtOnce = 10

    /// Removes a user's workouts with everything in them, some at a time, and the user from others' workouts.
    func erase(_ user: UserID) async throws {
        while try await eraseSome(user) > 0 { try Task.checkCancellation() }
        try await pool.execute("delete from workout_removed_watchers where user_id = \(user)")
        try await pool.execute("delete from workout_muted_watchers where user_id = \(user)")
        try await pool.execute("delete from dead_letters where user_id = \(user)")
    }

    private func eraseSome(_ user: UserID) async throws -> Int {
        try await pool.transaction { connection in
            let ids = try connection.query(
                "select id from workouts where user_id = \(user) order by id limit \(Self.erasedAtOnce) for update",
                as: UUIDv7.self)
            guard !ids.isEmpty else { return 0 }
            let tables: [SQL] = [
                "workout_events", "workout_heart_rate", "workout_sets", "workout_exercises",
                "workout_removed_watchers", "workout_muted_watchers", "workout_plans",
            ]
            for table in tables { try connection.execute("delete from \(table) where workout_id = any(\(ids))") }
            return try connection.execute("delete from workouts where id = any(\(ids))")
        }
    }
}
