import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("What records are reckoned from")
struct RecordCandidateTests {
    /// Two years of one athlete with a seed: few values, so that many sets are equal, and times that some share.
    private func train(_ user: UserID, _ exercises: [ExerciseID], seed: Double, on pool: PostgresPool) async throws {
        try await pool.transaction { connection in
            try connection.execute("select setseed(\(seed)::float8)")
            try connection.execute(
                """
                insert into users (id, email, username, display_name, created_at)
                values (\(user), \("\(user)@example.org"), \("u_" + user.description.suffix(12)), 'Ada', now())
                """)
            try connection.execute(
                """
                insert into workouts (id, user_id, seq, status, started_at, working_sets)
                select gen_random_uuid(), \(user), 12, 'completed', now() - n * interval '10 days', 10
                from generate_series(1, 70) n
                """)
            // Of the first exercise some entries lift a share of a body that changes; the others lift none.
            try connection.execute(
                """
                insert into workout_exercises (workout_id, id, exercise_id, name, position, body_load_g)
                select w.id, gen_random_uuid(), e.id, 'Lift', e.place,
                    case when e.place = 1 and random() < 0.8 then 60000 + 500 * floor(random() * 3) end
                from workouts w cross join unnest(\(exercises)::uuid[]) with ordinality e (id, place)
                where w.user_id = \(user)
                """)
            try connection.execute(
                """
                insert into workout_sets (workout_id, id, entry_id, user_id, exercise_id, type, weight_g, reps,
                    duration_ms, distance_mm, logged_at)
                select w.id, gen_random_uuid(), e.id, \(user), e.exercise_id,
                    (array['normal', 'normal', 'normal', 'dropset', 'warmup'])[1 + floor(random() * 5)],
                    case when random() < 0.9 then 5000 * floor(random() * 6) end,
                    case when random() < 0.9 then floor(random() * 18) end,
                    case when random() < 0.2 then 1000 * floor(random() * 4) end,
                    case when random() < 0.2 then 1000 * floor(random() * 4) end,
                    w.started_at + floor(random() * 6) * interval '1 minute'
                from workouts w join workout_exercises e on e.workout_id = w.id cross join generate_series(1, 6)
                where w.user_id = \(user)
                """)
        }
    }

    @Test(
        "records and bests from the sets that may be some are those from all sets",
        arguments: [0.11, 0.27, 0.43, 0.59, 0.75, 0.91])
    func same(seed: Double) async throws {
        try await TestPostgres.withDatabase { (database) async throws -> Void in
            let user = UserID.make()
            let exercises = (0..<3).map { _ in ExerciseID.make() }
            try await train(user, exercises, seed: seed, on: database.pool)
            let history = TrainingHistory(pool: database.pool)
            let zone = "Europe/Berlin"
            let all = try await history.workingSets(of: user, exercises: exercises, zone: zone)
            let candidates = try await history.recordCandidates(of: user, exercises: exercises, zone: zone)
            let bests = try await history.bests(of: user, exercises: exercises, zone: zone)
            #expect(all.count > 900 && candidates.count < all.count && bests.count <= 6)
            for exercise in exercises {
                func reckoning(_ sets: [TrainedSet]) -> StrengthReckoning {
                    StrengthReckoning(sets: sets.filter { $0.exercise == exercise })
                }
                #expect(Set(reckoning(all).records.map(\.kind)) == Set(TrainingRecordKind.allCases))
                #expect(reckoning(candidates).records == reckoning(all).records)
                #expect(reckoning(bests).heaviest == reckoning(all).heaviest)
                #expect(reckoning(bests).strongest == reckoning(all).strongest)
            }
        }
    }

    @Test("an exercise without sets, and no exercises at all, have none")
    func none() async throws {
        try await TestPostgres.withDatabase { (database) async throws -> Void in
            let history = TrainingHistory(pool: database.pool)
            for exercises in [[], [ExerciseID.make()]] as [[ExerciseID]] {
                let candidates = try await history.recordCandidates(of: .make(), exercises: exercises, zone: "UTC")
                let bests = try await history.bests(of: .make(), exercises: exercises, zone: "UTC")
                #expect(candidates.isEmpty && bests.isEmpty)
            }
        }
    }
}
