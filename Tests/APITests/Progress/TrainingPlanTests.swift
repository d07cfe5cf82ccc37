import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Plans of training history")
struct TrainingPlanTests {
    /// Three hundred athletes with forty workouts of ten sets over two years; answers one of them.
    private func seed(_ pool: PostgresPool) async throws -> (user: UserID, exercise: ExerciseID) {
        try await pool.execute(
            """
            insert into users (id, username, email, display_name, created_at)
            select gen_random_uuid(), 'athlete_' || n, 'a' || n || '@example.org', 'A', now()
            from generate_series(1, 300) n
            """)
        try await pool.execute(
            """
            insert into workouts (id, user_id, seq, status, started_at, working_sets)
            select gen_random_uuid(), u.id, 12, 'completed', now() - n * interval '18 days', 10
            from users u cross join generate_series(1, 40) n
            """)
        let exercise = ExerciseSeed.id(of: "Barbell_Squat")
        try await pool.execute(
            """
            insert into workout_sets (workout_id, id, entry_id, user_id, exercise_id, type, weight_g, reps, logged_at)
            select w.id, gen_random_uuid(), w.id, w.user_id,
                case when n = 1 then \(exercise) else md5(n::text)::uuid end, 'normal', 50000, 5, w.started_at
            from workouts w cross join generate_series(1, 10) n
            """)
        try await pool.execute(
            """
            insert into workout_exercises (workout_id, id, exercise_id, name, position)
            select id, id, \(exercise), 'Squat', 0 from workouts
            """)
        for table in [
            "vacuum analyze workout_exercises", "vacuum analyze workout_sets", "vacuum analyze workouts",
            "analyze users",
        ] as [SQL] {
            try await pool.execute(table)
        }
        let user = try #require(try await pool.first("select id from users limit 1", as: UserID.self))
        return (user, exercise)
    }

    @Test("every statement reaches an index and scans no table")
    func plans() async throws {
        try await TestPostgres.withDatabase { database in
            let (user, exercise) = try await seed(database.pool)
            let (first, last) = (CalendarDate(daysSinceEpoch: 20_500), CalendarDate(daysSinceEpoch: 20_584))
            let zone = "Europe/Berlin"
            let statements: [(sql: SQL, index: String)] = [
                (TrainingStatements.exercises(of: user, limit: 21), "workout_sets_of_movement"),
                (
                    TrainingStatements.workingSets(of: user, exercises: [exercise], zone: zone),
                    "workout_sets_of_movement"
                ),
                (
                    TrainingStatements.bests(of: user, exercises: [exercise], zone: zone),
                    "Index Only Scan using workout_sets_of_movement"
                ),
                (
                    TrainingStatements.candidates(of: user, exercises: [exercise], isLoaded: false, zone: zone),
                    "Index Only Scan using workout_sets_of_movement"
                ),
                (
                    TrainingStatements.candidates(of: user, exercises: [exercise], isLoaded: true, zone: zone),
                    "workout_sets_of_movement"
                ),
                (TrainingStatements.loaded([exercise]), "workout_exercises_loaded"),
                (TrainingStatements.days(of: user, from: first, to: last, zone: zone), "workouts_started"),
                (TrainingStatements.days(of: user, from: first, to: last, zone: zone), "workout_sets_pkey"),
                (
                    TrainingStatements.days(of: user, from: first, to: last, zone: zone), "workout_exercises_pkey"
                ),
                (TrainingStatements.sessions(of: user, from: first, to: last, zone: zone), "workouts_started"),
                (TrainingStatements.dates(of: user, zone: zone), "workouts_"),
            ]
            for (sql, index) in statements {
                let plan = try await database.pool.query("explain \(sql)", as: String.self).joined(separator: "\n")
                #expect(plan.contains(index), "\(plan)")
                #expect(!plan.contains("Seq Scan"), "\(plan)")
            }
        }
    }
}
