import Protocol
import Store

extension WorkoutUse {
    /// An athlete with exercises in common.
    struct Companionship: Sendable {
        let athlete: UserID
        /// In common, of those asked for.
        let exercises: Int
    }

    /// Of each exercise so many of the latest entries are looked at.
    private static let entriesLookedAt = 500

    /// Who else trains several of these exercises in workouts that are not narrowed, most in common first.
    ///
    /// Whether an athlete shows workouts to everyone at all is the caller's to ask.
    func company(
        training exercises: [ExerciseID], besides user: UserID, atLeast least: Int, limit: Int
    ) async throws -> [Companionship] {
        try await pool.rows(
            """
            select w.user_id, count(distinct x.id)
            from unnest(\(exercises)) as x (id)
                cross join lateral (select workout_id from workout_exercises
                    where exercise_id = x.id order by workout_id desc limit \(Self.entriesLookedAt)) e
                join workouts w on w.id = e.workout_id
            where w.user_id <> \(user) and w.status in ('completed', 'abandoned') and not w.is_closed
                and coalesce(w.visibility, 'public') = 'public'
            group by w.user_id having count(distinct x.id) >= \(least)
            order by 2 desc, 1 limit \(limit)
            """
        ) { row throws(StoreError) in Companionship(athlete: try row.next(), exercises: try row.next()) }
    }
}
