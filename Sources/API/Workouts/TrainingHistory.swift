import Protocol
import Store

extension SetType: SQLBindable, ColumnDecodable {}

/// A set as it stands now, with the workout it belongs to.
struct TrainedSet: Sendable {
    let exercise: ExerciseID
    let workout: WorkoutID
    let id: SetID
    let values: SetValues
    /// What a repetition lifts of the body beside the weight; nil where that is not known.
    let bodyLoadGrams: Int64?
    let loggedAt: Timestamp
    /// On which the workout began, in the athlete's own zone.
    let date: CalendarDate

    /// Gram-repetitions.
    var tonnage: Int64 { TrainingVolume.tonnage(of: values, bodyLoadGrams: bodyLoadGrams) }
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
        try await pool.rows(
            TrainingStatements.exercises(of: user, after: after, only: only, since: since, limit: limit)
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
            TrainingStatements.workingSets(of: user, exercises: exercises, zone: zone), Self.readSet)
    }

    /// The sets that `StrengthReckoning.heaviest` and `strongest` of each exercise's working sets are; their body load
    /// is left out.
    func bests(of user: UserID, exercises: [ExerciseID], zone: String) async throws -> [TrainedSet] {
        guard !exercises.isEmpty else { return [] }
        return try await pool.rows(
            TrainingStatements.bests(of: user, exercises: exercises, zone: zone), Self.readSet)
    }

    /// Those of the exercises' working sets that `StrengthReckoning.records` needs: a few hundred of ten thousands. Of
    /// each exercise the earliest first.
    func recordCandidates(
        of user: UserID, exercises: [ExerciseID], zone: String
    ) async throws -> [TrainedSet] {
        guard !exercises.isEmpty else { return [] }
        let loaded = Set(try await pool.query(TrainingStatements.loaded(exercises), as: ExerciseID.self))
        var sets: [TrainedSet] = []
        for isLoaded in [false, true] {
            let some = exercises.filter { loaded.contains($0) == isLoaded }
            guard !some.isEmpty else { continue }
            sets += try await pool.rows(
                TrainingStatements.candidates(of: user, exercises: some, isLoaded: isLoaded, zone: zone), Self.readSet)
        }
        return sets
    }

    private static let readSet: @Sendable (inout RowReader) throws(StoreError) -> TrainedSet = {
        row throws(StoreError) in
        let (exercise, workout, id) = (
            try row.next(UUIDv7.self), try row.next(UUIDv7.self), try row.next(UUIDv7.self)
        )
        let values = SetValues(
            type: try row.next(), weightGrams: try row.next(), reps: try row.next(),
            durationMilliseconds: try row.next(), distanceMillimeters: try row.next())
        let loggedAt = try row.next(Timestamp.self)
        return TrainedSet(
            exercise: exercise, workout: workout, id: id, values: values, bodyLoadGrams: try row.next(),
            loggedAt: loggedAt, date: CalendarDate(daysSinceEpoch: try row.next()))
    }

    /// What was trained from one date to another, both included, by day and exercise.
    func days(
        of user: UserID, from first: CalendarDate, to last: CalendarDate, zone: String
    ) async throws -> [TrainedDay] {
        try await pool.rows(
            TrainingStatements.days(of: user, from: first, to: last, zone: zone)
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
            TrainingStatements.sessions(of: user, from: first, to: last, zone: zone)
        ) { row throws(StoreError) in
            TrainedSession(
                date: CalendarDate(daysSinceEpoch: try row.next()), at: try row.next(), rpeTenths: try row.next(),
                minutes: try row.next(), workingSets: try row.next(), tonnage: try row.next())
        }
    }

    /// Every date with a working set, the earliest first.
    func dates(of user: UserID, zone: String) async throws -> [CalendarDate] {
        try await pool.query(
            TrainingStatements.dates(of: user, zone: zone), as: Int.self
        ).map { CalendarDate(daysSinceEpoch: $0) }
    }
}
