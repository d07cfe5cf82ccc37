import Protocol
import Store

/// The statements that a room is opened with; their plans are tested.
package enum LoaderStatements {
    /// Body and fingerprint of a workout's events behind `seq`, in order: at most `limit`, and none behind the one that
    /// reaches `bytes`.
    package static func events(of id: WorkoutID, after seq: Int64, limit: Int, bytes: Int) -> SQL {
        """
        select body, fingerprint from (
            select seq, body::text as body, fingerprint,
                sum(octet_length(body::text)) over (order by seq) - octet_length(body::text) as ahead
            from workout_events where workout_id = \(id) and seq > \(seq) order by seq limit \(limit)) as page
        where ahead < \(bytes) order by seq
        """
    }

    /// Workout and body of several workouts' events behind a place, by workout and in order; bounded in the same way.
    package static func events(
        of ids: [WorkoutID], after place: (workout: WorkoutID, seq: Int64), limit: Int, bytes: Int
    ) -> SQL {
        """
        select workout_id, seq, body from (
            select workout_id, seq, body::text as body,
                sum(octet_length(body::text)) over (order by workout_id, seq) - octet_length(body::text) as ahead
            from workout_events
            where workout_id = any(\(ids)::uuid[]) and (workout_id, seq) > (\(place.workout), \(place.seq))
            order by workout_id, seq limit \(limit)) as page
        where ahead < \(bytes) order by workout_id, seq
        """
    }

    /// Exercise, heaviest weight and best estimate of the athlete's other workouts, in grams.
    package static func bests(of athlete: UserID, except id: WorkoutID, only exercises: [ExerciseID]? = nil) -> SQL {
        let named: SQL = exercises.map { "and exercise_id = any(\($0))" } ?? ""
        return """
            select exercise_id, max(weight_g),
                coalesce(max(case when reps = 1 then weight_g else (weight_g * (30 + reps) + 15) / 30 end)
                    filter (where reps <= \(OneRepMax.recordReps)), 0)
            from workout_sets
            where user_id = \(athlete) and workout_id <> \(id) and exercise_id is not null \(named)
                and type <> 'warmup' and weight_g > 0 and reps > 0
            group by exercise_id
            """
    }
}
