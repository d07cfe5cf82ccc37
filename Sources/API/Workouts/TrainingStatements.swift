import Protocol
import Store

/// The statements that training history is read with; their plans are tested.
package enum TrainingStatements {
    /// An athlete's workouts as lists show them, planned ones first, then the latest start.
    package static func workouts(of user: UserID, and conditions: [SQL] = [], limit: Int) -> SQL {
        let all = ["user_id = \(user)", "status not in ('new', 'deleted')"] + conditions
        return """
            select id, status, name, visibility, planned_for::text, started_at, ended_at, tonnage,
                working_sets, working_ms, resting_ms
            from workouts where \(SQL.join(all, separator: " and "))
            order by started_at desc nulls first, id desc limit \(limit)
            """
    }

    /// What keeps a list of workouts to those with an exercise.
    package static func has(_ exercise: ExerciseID) -> SQL {
        """
        exists (select from workout_exercises e where e.workout_id = workouts.id and e.exercise_id = \(exercise))
        """
    }

    /// Gram-repetitions of a working set `s` of the entry `e`: what `TrainingVolume.tonnage` says, for sums.
    private static let tonnage: SQL =
        "((coalesce(s.weight_g, 0) + coalesce(e.body_load_g, 0)) * coalesce(s.reps, 0))"

    /// Joins the entry `e` of each set `s`.
    private static let entries: SQL =
        "left join workout_exercises e on e.workout_id = s.workout_id and e.id = s.entry_id"

    /// Exercise, working sets, latest set; the last trained first.
    package static func exercises(
        of user: UserID, after: (at: Timestamp, id: ExerciseID)? = nil, only: ExerciseID? = nil,
        since: Timestamp? = nil, limit: Int
    ) -> SQL {
        let narrowed: SQL = only.map { "and exercise_id = \($0)" } ?? ""
        var having: [SQL] = ["count(*) filter (where type <> 'warmup') > 0"]
        if let after { having.append("(max(logged_at), exercise_id) < (\(after.at), \(after.id))") }
        if let since { having.append("max(logged_at) >= \(since)") }
        return """
            select exercise_id, count(*) filter (where type <> 'warmup'), max(logged_at) from workout_sets
            where user_id = \(user) and exercise_id is not null \(narrowed)
            group by exercise_id having \(SQL.join(having, separator: " and "))
            order by max(logged_at) desc, exercise_id desc limit \(limit)
            """
    }

    /// Columns of a set `s`.
    private static let set: SQL = """
        s.exercise_id, s.workout_id, s.id, s.type, s.weight_g, s.reps, s.duration_ms, s.distance_mm, s.logged_at
        """

    /// The day on which the workout `w` of a set `s` began.
    private static func day(_ zone: String) -> SQL {
        "(coalesce(w.started_at, s.logged_at) at time zone \(zone)::text)::date - date '1970-01-01'"
    }

    /// Of each exercise the first set with the heaviest weight and the first with the best estimated 1RM, without their
    /// body load; one set twice where it is both.
    package static func bests(of user: UserID, exercises: [ExerciseID], zone: String) -> SQL {
        let lifted: SQL = """
            select \(set) from workout_sets s
            where s.user_id = \(user) and s.exercise_id = x.id and s.type <> 'warmup' and s.weight_g > 0 and s.reps > 0
            """
        // Epley's formula as `OneRepMax` rounds it.
        return """
            select \(set), null::bigint, \(day(zone))
            from unnest(\(exercises)::uuid[]) x (id)
            cross join lateral (
                (\(lifted) order by s.weight_g desc, s.logged_at, s.id limit 1)
                union all
                (\(lifted) and s.reps <= \(OneRepMax.recordReps)
                    order by case when s.reps = 1 then s.weight_g else (s.weight_g * (30 + s.reps) + 15) / 30 end desc,
                        s.logged_at, s.id limit 1)) s
            join workouts w on w.id = s.workout_id
            order by s.logged_at, s.id
            """
    }

    /// Which of the exercises have entries that lift a share of the body.
    package static func loaded(_ exercises: [ExerciseID]) -> SQL {
        """
        select x.id from unnest(\(exercises)::uuid[]) x (id)
        where (select true from workout_exercises e where e.exercise_id = x.id and e.body_load_g is not null limit 1)
        """
    }

    /// The sets that may be records: of all with equal values the first ones, and those of each exercise's session with
    /// the highest tonnage. `isLoaded` says whether entries of the exercises lift a share of the body.
    package static func candidates(
        of user: UserID, exercises: [ExerciseID], isLoaded: Bool, zone: String
    ) -> SQL {
        let load: SQL = isLoaded ? "e.body_load_g" : "null::bigint"
        return """
            with sets as materialized (
                select \(set), \(load) as body_load_g
                from workout_sets s \(isLoaded ? entries : "")
                where s.user_id = \(user) and s.exercise_id = any(\(exercises)) and s.type <> 'warmup'),
            sessions as (
                select distinct on (exercise_id) exercise_id, workout_id from sets group by exercise_id, workout_id
                order by exercise_id,
                    sum((coalesce(weight_g, 0) + coalesce(body_load_g, 0)) * coalesce(reps, 0)) desc, min(logged_at),
                    workout_id)
            select \(set), s.body_load_g, \(day(zone))
            from sets s join workouts w on w.id = s.workout_id
            where (s.exercise_id, s.workout_id) in (select exercise_id, workout_id from sessions)
                or (s.exercise_id, s.logged_at) in (
                    select exercise_id, min(logged_at) from sets
                    group by exercise_id, weight_g, reps, duration_ms, distance_mm, body_load_g)
            order by s.logged_at, s.id
            """
    }

    /// All working sets of these exercises, the earliest first.
    package static func workingSets(of user: UserID, exercises: [ExerciseID], zone: String) -> SQL {
        """
        select \(set), e.body_load_g, \(day(zone))
        from workout_sets s join workouts w on w.id = s.workout_id \(entries)
        where s.user_id = \(user) and s.exercise_id = any(\(exercises)) and s.type <> 'warmup'
        order by s.logged_at, s.id
        """
    }

    /// Day, exercise, working sets and tonnage.
    package static func days(
        of user: UserID, from first: CalendarDate, to last: CalendarDate, zone: String
    ) -> SQL {
        """
        select (w.started_at at time zone \(zone)::text)::date - date '1970-01-01' as day, s.exercise_id, count(*),
            sum(\(tonnage))::bigint
        from workouts w join workout_sets s on s.workout_id = w.id \(entries)
        where \(begun(user, from: first, to: last, zone: zone)) and s.type <> 'warmup'
        group by 1, 2 order by 1, 2
        """
    }

    /// Day, end, RPE, minutes, working sets and tonnage of each workout, the earliest first.
    package static func sessions(
        of user: UserID, from first: CalendarDate, to last: CalendarDate, zone: String
    ) -> SQL {
        """
        select (w.started_at at time zone \(zone)::text)::date - date '1970-01-01',
            coalesce(w.ended_at, w.last_at, w.started_at), w.rpe_tenths,
            (w.working_ms + w.resting_ms) / 60000.0::float8, w.working_sets, w.tonnage
        from workouts w
        where \(begun(user, from: first, to: last, zone: zone)) and w.working_sets > 0
        order by w.started_at, w.id
        """
    }

    /// Every day with a working set.
    package static func dates(of user: UserID, zone: String) -> SQL {
        """
        select distinct (started_at at time zone \(zone)::text)::date - date '1970-01-01' from workouts
        where user_id = \(user) and status not in ('new', 'deleted') and started_at is not null
            and working_sets > 0
        order by 1
        """
    }

    /// Workouts of the user that began within these dates; reaches the index on their start.
    private static func begun(
        _ user: UserID, from first: CalendarDate, to last: CalendarDate, zone: String
    ) -> SQL {
        """
        w.user_id = \(user) and w.status not in ('new', 'deleted')
            and w.started_at >= \(first.description)::date::timestamp at time zone \(zone)::text
            and w.started_at < (\(last.description)::date + 1)::timestamp at time zone \(zone)::text
        """
    }
}
