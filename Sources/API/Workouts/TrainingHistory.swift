import Protocol
import Store

extension SetType: SQLBindable, ColumnDecodable {}

/// A set as it stands now, with the workout it belongs to.
struct TrainedSet: Sendable {
    let exercise: ExerciseID
    let workout: WorkoutID
    let id: SetID
    let values: SetValues
    let loggedAt: Timestamp
    /// On which the workout began, in the athlete's own zone.
    let date: CalendarDate
}

/// An exercise with a history.
struct TrainedExercise: Sendable {
    let id: ExerciseID
    let workingSets: Int
    let lastAt: Timestamp
}

/// What one exercise added up to on one day.
struct TrainedDay: Sendable {
    let date: CalendarDate
    /// nil for movements outside the library.
    let exercise: ExerciseID?
    let workingSets: Int
    /// Gram-repetitions.
    let tonnage: Int64
}

/// One workout's totals.
struct TrainedSession: Sendable {
    let date: CalendarDate
    /// Its end, or its latest change while it runs.
    let at: Timestamp
    let rpeTenths: Int?
    let minutes: Double
    let workingSets: Int
    /// Gram-repetitions.
    let tonnage: Int64
}

/// What an athlete has trained, read from the rows that every change of a set keeps up to date: never stale.
///
/// A workout counts on the date it began in the athlete's own time zone, from its first working set on.
struct TrainingHistory: Sendable {
    let pool: PostgresPool

    /// Exercises of the library that the athlete trained, the last trained first; `only` keeps to one of them.
    func exercises(
        of user: UserID, after: (at: Timestamp, id: ExerciseID)? = nil, only: ExerciseID? = nil,
        since: Timestamp? = nil, limit: Int
    ) async throws -> [TrainedExercise] {
        let narrowed: SQL = only.map { "and exercise_id = \($0)" } ?? ""
        var having: [SQL] = ["count(*) filter (where type <> 'warmup') > 0"]
        if let after { having.append("(max(logged_at), exercise_id) < (\(after.at), \(after.id))") }
        if let since { having.append("max(logged_at) >= \(since)") }
        return try await pool.rows(
            """
            select exercise_id, count(*) filter (where type <> 'warmup'), max(logged_at) from workout_sets
            where user_id = \(user) and exercise_id is not null \(narrowed)
            group by exercise_id having \(SQL.join(having, separator: " and "))
            order by max(logged_at) desc, exercise_id desc limit \(limit)
            """
        ) { row throws(StoreError) in
            TrainedExercise(id: try row.next(), workingSets: try row.next(), lastAt: try row.next())
        }
    }

    /// All working sets of these exercises, the earliest first.
    func workingSets(
        of user: UserID, exercises: [ExerciseID], zone: String
    ) async throws -> [TrainedSet] {
        guard !exercises.isEmpty else { return [] }
        return try await pool.rows(
            """
            select s.exercise_id, s.workout_id, s.id, s.type, s.weight_g, s.reps, s.duration_ms, s.distance_mm,
                s.logged_at,
                (coalesce(w.started_at, s.logged_at) at time zone \(zone)::text)::date - date '1970-01-01'
            from workout_sets s join workouts w on w.id = s.workout_id
            where s.user_id = \(user) and s.exercise_id = any(\(exercises)) and s.type <> 'warmup'
            order by s.logged_at, s.id
            """
        ) { row throws(StoreError) in
            let (exercise, workout, id) = (
                try row.next(UUIDv7.self), try row.next(UUIDv7.self), try row.next(UUIDv7.self)
            )
            let values = SetValues(
                type: try row.next(), weightGrams: try row.next(), reps: try row.next(),
                durationMilliseconds: try row.next(), distanceMillimeters: try row.next())
            return TrainedSet(
                exercise: exercise, workout: workout, id: id, values: values, loggedAt: try row.next(),
                date: CalendarDate(daysSinceEpoch: try row.next()))
        }
    }

    /// What was trained from one date to another, both included, by day and exercise.
    func days(
        of user: UserID, from first: CalendarDate, to last: CalendarDate, zone: String
    ) async throws -> [TrainedDay] {
        try await pool.rows(
            """
            select (w.started_at at time zone \(zone)::text)::date - date '1970-01-01' as day, s.exercise_id, count(*),
                sum(coalesce(s.weight_g, 0) * coalesce(s.reps, 0))::bigint
            from workouts w join workout_sets s on s.workout_id = w.id
            where \(Self.begun(user, from: first, to: last, zone: zone)) and s.type <> 'warmup'
            group by 1, 2 order by 1, 2
            """
        ) { row throws(StoreError) in
            TrainedDay(
                date: CalendarDate(daysSinceEpoch: try row.next()), exercise: try row.next(),
                workingSets: try row.next(), tonnage: try row.next())
        }
    }

    /// The workouts with working sets from one date to another, both included, the earliest first.
    func sessions(
        of user: UserID, from first: CalendarDate, to last: CalendarDate, zone: String
    ) async throws -> [TrainedSession] {
        try await pool.rows(
            """
            select (w.started_at at time zone \(zone)::text)::date - date '1970-01-01',
                coalesce(w.ended_at, w.last_at, w.started_at), w.rpe_tenths,
                (w.working_ms + w.resting_ms) / 60000.0::float8, w.working_sets, w.tonnage
            from workouts w
            where \(Self.begun(user, from: first, to: last, zone: zone)) and w.working_sets > 0
            order by w.started_at, w.id
            """
        ) { row throws(StoreError) in
            TrainedSession(
                date: CalendarDate(daysSinceEpoch: try row.next()), at: try row.next(), rpeTenths: try row.next(),
                minutes: try row.next(), workingSets: try row.next(), tonnage: try row.next())
        }
    }

    /// Every date with a working set, the earliest first.
    func dates(of user: UserID, zone: String) async throws -> [CalendarDate] {
        try await pool.query(
            """
            select distinct (started_at at time zone \(zone)::text)::date - date '1970-01-01' from workouts
            where user_id = \(user) and status not in ('new', 'deleted') and started_at is not null
                and working_sets > 0
            order by 1
            """, as: Int.self
        ).map { CalendarDate(daysSinceEpoch: $0) }
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
