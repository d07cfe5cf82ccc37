import Protocol
import Store

/// The statements that the use of exercises is counted with; their plans are tested.
package enum UseStatements {
    /// Exercise, sets and athletes since `from`, sets between `earlier` and `from`.
    package static func totals(from: Timestamp, earlier: Timestamp, until now: Timestamp) -> SQL {
        """
        select exercise_id, count(*) filter (where logged_at >= \(from)),
            count(distinct user_id) filter (where logged_at >= \(from)),
            count(*) filter (where logged_at < \(from))
        from workout_sets
        where logged_at >= \(earlier) and logged_at <= \(now) and exercise_id is not null
        group by exercise_id
        """
    }

    /// Exercise, working sets, those since a time, and the latest.
    package static func own(of user: UserID, recentSince since: Timestamp) -> SQL {
        """
        select exercise_id, count(*), count(*) filter (where logged_at >= \(since)), max(logged_at)
        from workout_sets
        where user_id = \(user) and exercise_id is not null and type <> 'warmup'
        group by exercise_id
        """
    }

    /// Exercise, workouts with it and how many were looked at.
    package static func companions(of exercise: ExerciseID, limit: Int) -> SQL {
        """
        with latest as materialized (
            select distinct workout_id from (
                select workout_id from workout_exercises where exercise_id = \(exercise)
                order by workout_id desc limit 500) as entries)
        select e.exercise_id, count(distinct e.workout_id), (select count(*) from latest)
        from latest join workout_exercises e using (workout_id)
        where e.exercise_id <> \(exercise)
        group by e.exercise_id order by 2 desc, 1 limit \(limit)
        """
    }
}
