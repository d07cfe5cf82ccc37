import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Progress of strength")
struct StrengthProgressTests {
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")
    private let bench = ExerciseSeed.id(of: "Barbell_Bench_Press_-_Medium_Grip")
    private let deadlift = ExerciseSeed.id(of: "Barbell_Deadlift")

    private func ago(_ days: Int, _ server: RESTServer) -> Timestamp { server.clock.now - .seconds(86_400 * days) }

    private func strength(_ user: TestUser) async throws -> StrengthPage {
        try await user.client.get("/v1/progress/strength").decoded()
    }

    @Test("bests name their sets and leave out warm-ups; of equal sets the first one holds")
    func bests() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let first = try await ada.lift(
                squat, [.init(180, 3, "warmup"), .init(100, 5), .init(110, 1), .init(60, 20)], at: ago(9, server))
            try await ada.lift(squat, [.init(110, 1), .init(100, 5)], at: ago(2, server))
            let page = try await strength(ada)
            let row = try #require(page.items.first)
            #expect(page.items.count == 1)
            #expect(row.name == "Barbell Squat")
            #expect(row.workingSets == 5)
            let sets = try #require(first.exercises.first?.sets)
            #expect(row.heaviest?.setId == sets[2].id)
            #expect(row.heaviest?.weightKg == 110)
            #expect(row.strongest?.setId == sets[1].id)
            #expect(row.strongest?.estimates.epleyKg == 116.667)
            #expect(row.strongest?.estimates.brzyckiKg == 112.5)
            #expect(row.strongest?.estimates.isUnsure == false)
            #expect(page.scores.totalKg == nil)
            #expect(page.scores.missing == [.benchPress, .deadlift, .bodyWeight, .sex])
        }
    }

    @Test("an edited, deleted or late set moves bests and records at once")
    func neverStale() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await ada.lift(squat, [.init(100, 5), .init(140, 1)], at: ago(5, server))
            let entry = try #require(workout.exercises.first)
            let path = "/v1/workouts/\(workout.id)/exercises/\(entry.id)/sets/\(entry.sets[1].id)"
            func heaviest() async throws -> Double? { try await strength(ada).items.first?.heaviest?.weightKg }
            #expect(try await heaviest() == 140)
            _ = try await ada.client.send("PUT", path, text: #"{"weightKg": 120, "reps": 1}"#)
            #expect(try await heaviest() == 120)
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await heaviest() == 100)
            let late = try await ada.lift(squat, [.init(105, 3)], at: ago(30, server))
            #expect(try await heaviest() == 105)
            let records: Page<ExerciseRecords> = try await ada.client.get("/v1/progress/records").decoded()
            let heavy = records.items.first?.records.first { $0.kind == .heaviestWeight }
            #expect(heavy?.workoutId == late.id)
            #expect(try await ada.client.delete("/v1/workouts/\(late.id)").status == 204)
            #expect(try await heaviest() == 100)
        }
    }

    @Test("all kinds of records are there, with what they are worth")
    func records() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await ada.lift(
                squat, [.init(100, 5), .init(100, 8), .init(120, 2), .init(90, 8), .init(80, 16)], at: ago(3, server))
            let sets = try #require(workout.exercises.first?.sets)
            let page: Page<ExerciseRecords> = try await ada.client.get("/v1/progress/records?exercise=\(squat)")
                .decoded()
            let records = try #require(page.items.first?.records)
            func value(_ kind: TrainingRecordKind) -> [Double] { records.filter { $0.kind == kind }.map(\.value) }
            #expect(value(.heaviestWeight) == [120])
            #expect(value(.bestEstimatedOneRepMax) == [128])
            #expect(value(.mostReps) == [2, 8, 16])
            #expect(records.first { $0.kind == .mostReps }?.weightKg == 120)
            #expect(value(.bestSetTonnage) == [1280])
            #expect(value(.bestSessionTonnage) == [500 + 800 + 240 + 720 + 1280])
            #expect(records.first { $0.kind == .bestSessionTonnage }?.setId == sets[4].id)
            let held = Set(records.map(\.setId)).subtracting(sets.map(\.id))
            #expect(held.isEmpty)
            let none: Page<ExerciseRecords> = try await ada.client.get("/v1/progress/records?exercise=\(bench)")
                .decoded()
            #expect(none.items.isEmpty)
        }
    }

    @Test("one exercise over time shows each session, rep records and a trend from five sessions on")
    func overTime() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            for week in 0..<5 {
                try await ada.lift(squat, [.init(100 + 3 * Double(week), 1)], at: ago(40 - 7 * week, server))
            }
            let path = "/v1/progress/strength/\(squat)"
            let all: ExerciseProgress = try await ada.client.get(path).decoded()
            #expect(all.sessions.map(\.heaviestKg) == [100, 103, 106, 109, 112])
            #expect(all.repRecords.map(\.reps) == [1])
            let perWeek = try #require(all.trend.perWeek)
            #expect(abs(perWeek.value - 3) < 1e-6)
            let from = all.sessions[1].date
            let cut: ExerciseProgress = try await ada.client.get("\(path)?from=\(from)").decoded()
            #expect(cut.sessions.count == 4)
            #expect(cut.trend.perWeek == nil)
            #expect(cut.trend.missing == .fewerThanFivePoints)
            #expect(try await ada.client.get("\(path)?from=\(from)&to=2001-01-01").status == 422)
            #expect(try await ada.client.get("/v1/progress/strength/\(ExerciseID.make())").status == 404)
            #expect(try await ada.client.get("/v1/progress/strength/squat").status == 404)
        }
    }

    @Test("scores come from the three lifts, body weight and sex, and say what is missing")
    func scores() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await ada.lift(squat, [.init(260, 1)], at: ago(4, server))
            try await ada.lift(bench, [.init(160, 1)], at: ago(3, server))
            try await ada.lift(deadlift, [.init(280, 1)], at: ago(2, server))
            var scores = try await strength(ada).scores
            #expect(scores.totalKg == 700)
            #expect(scores.missing == [.bodyWeight, .sex])
            #expect(scores.dots == nil)
            _ = try await ada.client.send("POST", "/v1/progress/body", text: #"{"weightKg": 93}"#)
            _ = try await ada.client.send("PUT", "/v1/users/profile", text: #"{"sex": "male"}"#)
            scores = try await strength(ada).scores
            #expect(scores.missing.isEmpty)
            #expect(abs(try #require(scores.dots) - 445.3758) < 0.00005)
            #expect(scores.wilks != nil && scores.ipfGl != nil)
        }
    }

    @Test("others' work is never counted; nobody sees anything without a token")
    func foreign() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await ada.lift(squat, [.init(100, 5)], at: ago(1, server))
            #expect(try await strength(bob).items.isEmpty)
            let progress: ExerciseProgress = try await bob.client.get("/v1/progress/strength/\(squat)").decoded()
            #expect(progress.sessions.isEmpty)
            for path in ["strength", "records", "volume", "analytics", "body", "body/analytics", "body/predictions"] {
                #expect(try await server.client.get("/v1/progress/\(path)").status == 401)
                #expect(try await bob.client.get("/v1/progress/\(path)").status == 200)
                #expect(try await bob.client.get("/v1/progress/\(path)?wrong=1").status == 422)
            }
            let own = ExerciseID.make()
            try await server.pool.execute(
                """
                insert into exercises (id, owner, name, level, category, primary_muscles, secondary_muscles)
                values (\(own), \(ada.id), 'Ada''s curl', 'beginner', 'strength', '{biceps}', '{}')
                """)
            #expect(try await ada.client.get("/v1/progress/strength/\(own)").status == 200)
            #expect(try await bob.client.get("/v1/progress/strength/\(own)").status == 404)
        }
    }

    @Test("pages hold every exercise once, the last trained first, also while more is trained")
    func paging() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let exercises = [squat, bench, deadlift]
            for (index, exercise) in exercises.enumerated() {
                try await ada.lift(exercise, [.init(100, 5)], at: ago(10 - index, server))
            }
            let first: StrengthPage = try await ada.client.get("/v1/progress/strength?limit=2").decoded()
            #expect(first.items.map(\.exerciseId) == [deadlift, bench])
            try await ada.lift(ExerciseSeed.id(of: "Front_Barbell_Squat"), [.init(80, 5)], at: ago(1, server))
            let cursor = try #require(first.nextCursor)
            let second: StrengthPage = try await ada.client.get("/v1/progress/strength?limit=2&cursor=\(cursor)")
                .decoded()
            #expect(second.items.map(\.exerciseId) == [squat])
            #expect(second.nextCursor == nil)
            #expect(try await ada.client.get("/v1/progress/records?cursor=\(cursor)").status == 422)
        }
    }
}
