import Protocol
import Store

/// Users' ratings of exercises, one a user.
struct ExerciseRatings: Sendable {
    let pool: PostgresPool
    let use: WorkoutUse

    /// Rates an exercise, or changes the rating.
    ///
    /// - Throws: `notFound`; `forbidden` unless the user has logged a set of it.
    func rate(_ id: ExerciseID, _ rating: Int, by user: UserID, at time: Timestamp) async throws -> ExerciseRating {
        let isVisible = try await pool.first(
            "select exists (select from exercises where id = \(id) and \(Exercises.visible(to: user)))", as: Bool.self)
        guard isVisible == true else { throw Problem(.notFound) }
        guard try await use.hasLogged(id, user) else {
            throw Problem(.forbidden, detail: "Only those who logged a set of the exercise rate it.")
        }
        return try await pool.transaction(attempts: 3) { connection in
            try connection.execute(
                """
                insert into exercise_ratings (exercise_id, user_id, rating, rated_at)
                values (\(id), \(user), \(rating), \(time))
                on conflict (exercise_id, user_id) do update set rating = excluded.rating, rated_at = excluded.rated_at
                """)
            let totals = try connection.first(
                "select rating_sum, rating_count from exercises where id = \(id)", as: (Int, Int).self)
            guard let (sum, count) = totals, let average = Self.average(sum: sum, count: count) else {
                throw Problem(.notFound)
            }
            return ExerciseRating(rating: rating, averageRating: average, ratingCount: count)
        }
    }

    /// To two decimals; nil without ratings.
    static func average(sum: Int, count: Int) -> Double? {
        count > 0 ? (Double(sum) / Double(count) * 100).rounded() / 100 : nil
    }
}
