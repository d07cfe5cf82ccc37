import API
import Protocol
import Realtime
import Store

/// A statement as the server runs it, for the user who has the most.
struct HotStatement: Sendable {
    let name: String
    let sql: SQL

    struct Empty: Error, CustomStringConvertible {
        let description = "the database has no workouts: fill it with fitai-seed"
    }

    static func all(on pool: PostgresPool) async throws -> [HotStatement] {
        let heaviest = try await pool.first(
            "select user_id from workouts group by 1 order by count(*) desc, 1 limit 1", as: UserID.self)
        guard let user = heaviest,
            let exercise = try await pool.first(
                """
                select exercise_id from workout_sets where user_id = \(user) and exercise_id is not null
                group by 1 order by count(*) desc, 1 limit 1
                """, as: ExerciseID.self),
            let (workout, latest) = try await pool.first(
                "select id, started_at from workouts where user_id = \(user) order by started_at desc limit 1",
                as: (WorkoutID, Timestamp).self)
        else { throw Empty() }
        return training(of: user, exercise, until: latest)
            + rooms(workout, of: user)
            + lists(of: user, until: latest)
    }

    private static func training(
        of user: UserID, _ exercise: ExerciseID, until latest: Timestamp
    ) -> [HotStatement] {
        let zone = "Europe/Berlin"
        let last = CalendarDate(daysSinceEpoch: Int(latest.milliseconds / 86_400_000))
        let first = CalendarDate(daysSinceEpoch: last.daysSinceEpoch - 84)
        return [
            HotStatement(name: "workouts, first page", sql: TrainingStatements.workouts(of: user, limit: 21)),
            HotStatement(
                name: "workouts with an exercise",
                sql: TrainingStatements.workouts(of: user, and: [TrainingStatements.has(exercise)], limit: 21)),
            HotStatement(name: "exercises trained", sql: TrainingStatements.exercises(of: user, limit: 21)),
            HotStatement(
                name: "sets of an exercise",
                sql: TrainingStatements.workingSets(of: user, exercises: [exercise], zone: zone)),
            HotStatement(
                name: "bests of an exercise", sql: TrainingStatements.bests(of: user, exercises: [exercise], zone: zone)
            ),
            HotStatement(
                name: "records of an exercise",
                sql: TrainingStatements.candidates(of: user, exercises: [exercise], isLoaded: false, zone: zone)),
            HotStatement(
                name: "volume of 12 weeks, by day",
                sql: TrainingStatements.days(of: user, from: first, to: last, zone: zone)),
            HotStatement(
                name: "sessions of 12 weeks",
                sql: TrainingStatements.sessions(of: user, from: first, to: last, zone: zone)),
            HotStatement(name: "dates trained", sql: TrainingStatements.dates(of: user, zone: zone)),
            HotStatement(
                name: "own use of exercises",
                sql: UseStatements.own(of: user, recentSince: latest - .seconds(28 * 86_400))),
            HotStatement(name: "exercises done together", sql: UseStatements.companions(of: exercise, limit: 30)),
        ]
    }

    private static func rooms(_ workout: WorkoutID, of user: UserID) -> [HotStatement] {
        [
            HotStatement(
                name: "events of a workout",
                sql: LoaderStatements.events(of: workout, after: 0, limit: 1000, bytes: 1 << 20)),
            HotStatement(name: "bests before a workout", sql: LoaderStatements.bests(of: user, except: workout)),
        ]
    }

    private static func lists(of user: UserID, until latest: Timestamp) -> [HotStatement] {
        [
            HotStatement(name: "friends", sql: SocialStatements.pairs(of: user, state: "friends", limit: 21)),
            HotStatement(
                name: "goals", sql: GoalStatements.goals(where: "g.user_id = \(user)", zone: "UTC", limit: 21)),
            HotStatement(
                name: "body weight of 90 days",
                sql: BodyStatements.series(.weightKg, of: user, since: latest - .seconds(90 * 86_400))),
            HotStatement(
                name: "sessions of a user",
                sql: SessionStatements.open(of: user, at: latest, limit: 21)),
            HotStatement(name: "a user by name", sql: "select id from users where username = \("load_000001")"),
        ]
    }
}
