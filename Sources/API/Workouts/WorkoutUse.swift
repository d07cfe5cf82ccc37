import Protocol
import Store

/// What was logged of exercises: what other features ask of workouts.
package struct WorkoutUse: Sendable {
    /// An exercise's sets in a window of time, over all athletes.
    struct Total: Sendable {
        let exercise: ExerciseID
        let sets: Int
        let athletes: Int
        /// Sets in the window of the same length before.
        let earlierSets: Int
    }

    /// A user's use of an exercise.
    struct Own: Sendable {
        let exercise: ExerciseID
        /// Working sets ever.
        let sets: Int
        /// Working sets since the time asked for.
        let recentSets: Int
        let lastAt: Timestamp
    }

    /// In how many workouts another exercise stands beside the one asked for.
    struct Companion: Sendable {
        let exercise: ExerciseID
        let workouts: Int
        /// Of so many workouts that were looked at.
        let of: Int
    }

    let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    /// Whether the user has a set of the exercise.
    func hasLogged(_ exercise: ExerciseID, _ user: UserID) async throws -> Bool {
        try await pool.first(
            "select exists (select from workout_sets where user_id = \(user) and exercise_id = \(exercise))",
            as: Bool.self) ?? false
    }

    /// Sets of each exercise in the days before `now`, beside as many days before them.
    func totals(days: Int, until now: Timestamp) async throws -> [Total] {
        let from = now - .seconds(86_400 * days)
        let earlier = from - .seconds(86_400 * days)
        return try await pool.rows(
            UseStatements.totals(from: from, earlier: earlier, until: now)
        ) { row throws(StoreError) in
            Total(
                exercise: try row.next(), sets: try row.next(), athletes: try row.next(),
                earlierSets: try row.next())
        }
    }

    /// A user's working sets of each exercise.
    func own(of user: UserID, recentSince since: Timestamp) async throws -> [Own] {
        try await pool.rows(
            UseStatements.own(of: user, recentSince: since)
        ) { row throws(StoreError) in
            Own(
                exercise: try row.next(), sets: try row.next(), recentSets: try row.next(), lastAt: try row.next())
        }
    }

    /// What stands most often in the same workouts, of the latest 500 with the exercise.
    func companions(of exercise: ExerciseID, limit: Int) async throws -> [Companion] {
        try await pool.rows(
            UseStatements.companions(of: exercise, limit: limit)
        ) { row throws(StoreError) in
            Companion(exercise: try row.next(), workouts: try row.next(), of: try row.next())
        }
    }
}
