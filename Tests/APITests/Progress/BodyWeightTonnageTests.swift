import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Body weight in tonnage")
struct BodyWeightTonnageTests {
    private let pullUps = ExerciseSeed.id(of: "Pullups")
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")

    private func ago(_ seconds: Int, _ server: RESTServer) -> Timestamp { server.clock.now - .seconds(seconds) }

    private func measure(_ user: TestUser, _ kilograms: Double) async throws -> BodyMeasurement {
        try await user.client.send("POST", "/v1/progress/body", text: #"{"weightKg": \#(kilograms)}"#).decoded()
    }

    private func add(_ exercise: ExerciseID, to workout: WorkoutID, _ user: TestUser) async throws -> WorkoutExercise {
        try await user.client.send(
            "POST", "/v1/workouts/\(workout)/exercises", text: #"{"exerciseId": "\#(exercise)"}"#
        ).decoded()
    }

    @Test("the workout, its history, volume, records and goals count the same kilograms")
    func agreement() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            _ = try await measure(ada, 80)
            let goal = #"{"kind": "volume", "title": "A tonne", "target": 1000}"#
            let id = try await ada.client.send("POST", "/v1/goals", text: goal).decoded(as: Goal.self).id
            // 80 kg × 0.95 = 76 kg: 8 × 76 = 608, with 10 kg on the belt 5 × 86 = 430; the warm-up counts nothing.
            let workout = try await ada.lift(
                pullUps, [.init(0, 5, "warmup"), .init(0, 8), .init(10, 5)], at: ago(600, server))
            let entry = try #require(workout.exercises.first)
            #expect(entry.bodyLoadKg == 76)
            #expect(workout.summary.tonnageKg == 1038)
            let history: Page<WorkoutItem> = try await ada.client.get("/v1/workouts").decoded()
            #expect(history.items.first?.tonnageKg == 1038)
            let volume: VolumeReport = try await ada.client.get("/v1/progress/volume?weeks=2").decoded()
            #expect(volume.weeks.reduce(0) { $0 + $1.tonnageKg } == 1038)
            #expect(volume.weeks.last { $0.workouts > 0 }?.muscles.first { $0.muscle == "lats" }?.tonnageKg == 1038)
            let records: Page<ExerciseRecords> = try await ada.client.get("/v1/progress/records").decoded()
            func value(_ kind: TrainingRecordKind) -> Double? {
                records.items.first?.records.first { $0.kind == kind }?.value
            }
            #expect(value(.bestSetTonnage) == 608)
            #expect(value(.bestSessionTonnage) == 1038)
            #expect(value(.heaviestWeight) == 10)
            let progress: ExerciseProgress = try await ada.client.get("/v1/progress/strength/\(pullUps)").decoded()
            #expect(progress.sessions.map(\.tonnageKg) == [1038])
            let reached: Goal = try await ada.client.get("/v1/goals/\(id)").decoded()
            #expect(reached.current == 1038)
            #expect(reached.milestones.map(\.percent) == [25, 50, 75, 100])
            // Of an edited set all of them follow.
            let path = "/v1/workouts/\(workout.id)/exercises/\(entry.id)/sets/\(entry.sets[1].id)"
            _ = try await ada.client.send("PUT", path, text: #"{"reps": 3}"#)
            let after: Workout = try await ada.client.get("/v1/workouts/\(workout.id)").decoded()
            #expect(after.summary.tonnageKg == 658)
            let less: ExerciseProgress = try await ada.client.get("/v1/progress/strength/\(pullUps)").decoded()
            #expect(less.sessions.map(\.tonnageKg) == [658])
        }
    }

    @Test("a body that was not measured lifts nothing; measured meanwhile, it counts for exercises added from then on")
    func measuredMeanwhile() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await measure(bob, 120)
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            #expect(try await add(pullUps, to: workout.id, ada).bodyLoadKg == nil)
            let measurement = try await measure(ada, 60)
            #expect(try await add(pullUps, to: workout.id, ada).bodyLoadKg == 57)
            #expect(try await add(squat, to: workout.id, ada).bodyLoadKg == nil)
            _ = try await ada.client.send("PUT", "/v1/progress/body/\(measurement.id)", text: #"{"weightKg": 70}"#)
            #expect(try await add(pullUps, to: workout.id, ada).bodyLoadKg == 66.5)
            #expect(try await ada.client.delete("/v1/progress/body/\(measurement.id)").status == 204)
            #expect(try await add(pullUps, to: workout.id, ada).bodyLoadKg == nil)
            let now: Workout = try await ada.client.get("/v1/workouts/\(workout.id)").decoded()
            #expect(now.exercises.map(\.bodyLoadKg) == [nil, 57, nil, 66.5, nil])
        }
    }

    @Test("only the athlete is told what a body weighs")
    func privacy() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: .now)
            _ = try await measure(ada, 80)
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            #expect(try await add(pullUps, to: workout.id, ada).bodyLoadKg == 76)
            let seen: Workout = try await bob.client.get("/v1/workouts/\(workout.id)").decoded()
            #expect(seen.exercises.count == 1 && seen.exercises.first?.bodyLoadKg == nil)
        }
    }

    @Test("the library knows the shares that the literature knows, and what an administrator changed stays")
    func library() async throws {
        try await RESTServer.run(isLive: true) { server in
            let shares = try ExerciseSeed.bodyWeightShares()
            let slugs = Set(try ExerciseSeed.entries().map(\.slug))
            #expect(shares.allSatisfy { slugs.contains($0.slug) })
            #expect(Set(shares.map(\.slug)).count == shares.count)
            let (ada, admin) = (try await server.user("ada"), try await server.admin("root"))
            func share(_ id: ExerciseID) async throws -> Double? {
                try await ada.client.get("/v1/exercises/\(id)").decoded(as: Exercise.self).bodyWeightShare
            }
            #expect(try await share(pullUps) == 0.95)
            #expect(try await share(ExerciseSeed.id(of: "Pushups")) == 0.64)
            #expect(try await share(squat) == nil)
            let path = "/v1/exercises/\(pullUps)"
            #expect(try await admin.client.send("PUT", path, text: #"{"bodyWeightShare": 1.01}"#).status == 422)
            #expect(try await admin.client.send("PUT", path, text: #"{"bodyWeightShare": null}"#).status == 200)
            try await ExerciseSeed.load(into: server.pool)
            #expect(try await share(pullUps) == nil)
            #expect(try await ada.client.send("PUT", path, text: #"{"bodyWeightShare": 1}"#).status == 403)
        }
    }

    @Test("shares follow what a later release ships, except where an administrator has set another")
    func laterRelease() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, admin) = (try await server.user("ada"), try await server.admin("root"))
            let (dips, pushUps) = (ExerciseSeed.id(of: "Ring_Dips"), ExerciseSeed.id(of: "Pushups"))
            func shares() async throws -> [Double?] {
                var shares: [Double?] = []
                for id in [pullUps, dips, pushUps, squat] {
                    let exercise: Exercise = try await ada.client.get("/v1/exercises/\(id)").decoded()
                    shares.append(exercise.bodyWeightShare)
                }
                return shares
            }
            #expect(try await shares() == [0.95, 0.95, 0.64, nil])
            _ = try await admin.client.send("PUT", "/v1/exercises/\(dips)", text: #"{"bodyWeightShare": 1}"#)
            // Pull-ups are known better, push-ups no more, squats now.
            var later = try ExerciseSeed.bodyWeightShares().filter { $0.slug != "Pushups" && $0.slug != "Pullups" }
            later += [(slug: "Pullups", share: 0.9), (slug: "Barbell_Squat", share: 0.3)]
            for _ in 0..<2 {
                try await ExerciseSeed.loadShares(later.filter { $0.slug != "Ring_Dips" }, into: server.pool)
                #expect(try await shares() == [0.9, 1, nil, 0.3])
            }
            try await ExerciseSeed.load(into: server.pool)
            #expect(try await shares() == [0.95, 1, 0.64, nil])
        }
    }

    @Test("an exercise of one's own may lift the body too, and rooms know it at once")
    func own() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            _ = try await measure(ada, 80)
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let body = #"""
                {"name": "Archer pull-up", "level": "expert", "category": "strength", "primaryMuscles": ["lats"],
                "bodyWeightShare": 0.5}
                """#
            let exercise: Exercise = try await ada.client.send("POST", "/v1/exercises", text: body).decoded()
            #expect(exercise.bodyWeightShare == 0.5)
            #expect(try await add(exercise.id, to: workout.id, ada).bodyLoadKg == 40)
            let bad = body.replacing("0.5", with: "-0.1")
            #expect(try await ada.client.send("POST", "/v1/exercises", text: bad).status == 422)
        }
    }
}
