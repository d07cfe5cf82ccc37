import Protocol
import Store

extension WorkoutUse {
    /// How many sessions back the rules of progression look.
    private static let sessionsBack = 8
    /// Sets older than this say little about today's strength, unless there are none later.
    private static let strengthDays = 90

    /// The athlete's latest sessions of exercises and what they say of the 1RM, each by its exercise.
    func past(of exercises: [ExerciseID], by user: UserID, at now: Timestamp) async throws -> [ExerciseID: SetTargets
        .Past]
    {
        guard !exercises.isEmpty else { return [:] }
        var past: [ExerciseID: SetTargets.Past] = [:]
        let rows = try await pool.query(
            """
            with sessions as (
                select exercise_id, workout_id, max(logged_at) as at,
                    row_number() over (partition by exercise_id order by max(logged_at) desc, workout_id desc) as back
                from workout_sets
                where user_id = \(user) and exercise_id = any(\(exercises)) and type <> 'warmup'
                group by exercise_id, workout_id)
            select s.exercise_id, s.workout_id, s.at, w.weight_g, w.reps::bigint
            from sessions s join workout_sets w on w.workout_id = s.workout_id and w.exercise_id = s.exercise_id
            where s.back <= \(Self.sessionsBack) and w.type <> 'warmup'
            order by s.exercise_id, s.at, s.workout_id, w.logged_at, w.id
            """, as: (ExerciseID, WorkoutID, Timestamp, Int64?, Int64?).self)
        var latest: WorkoutID?
        for (exercise, workout, at, weight, reps) in rows {
            var known = past[exercise] ?? SetTargets.Past()
            if known.sessions.isEmpty || workout != latest { known.sessions.append(.init(at: at, sets: [])) }
            known.sessions[known.sessions.count - 1].sets.append((weight, reps))
            latest = workout
            past[exercise] = known
        }
        for (exercise, oneRepMax) in try await oneRepMaxes(of: exercises, by: user, at: now) {
            past[exercise, default: SetTargets.Past()].oneRepMaxGrams = oneRepMax
        }
        return past
    }

    /// The best estimate (Epley, up to ten repetitions) of the last 90 days, or of all time where those have none.
    private func oneRepMaxes(
        of exercises: [ExerciseID], by user: UserID, at now: Timestamp
    ) async throws -> [(ExerciseID, Int64)] {
        let since = now - .seconds(86_400 * Self.strengthDays)
        let rows = try await pool.query(
            """
            select exercise_id, max(estimate) filter (where logged_at >= \(since)), max(estimate)
            from (
                select exercise_id, logged_at,
                    case when reps = 1 then weight_g else (weight_g * (30 + reps) + 15) / 30 end as estimate
                from workout_sets
                where user_id = \(user) and exercise_id = any(\(exercises)) and type <> 'warmup'
                    and weight_g > 0 and reps between 1 and \(OneRepMax.sureReps)) as sets
            group by exercise_id
            """, as: (ExerciseID, Int64?, Int64?).self)
        return rows.compactMap { exercise, recent, ever in (recent ?? ever).map { (exercise, $0) } }
    }
}
