import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Workouts")
struct WorkoutTests {
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")

    private func start(_ user: TestUser, _ body: String = "{}") async throws -> Workout {
        try await user.client.send("POST", "/v1/workouts", text: body).decoded()
    }

    private func addSquat(_ user: TestUser, to workout: WorkoutID) async throws -> WorkoutExercise {
        let body = #"{"exerciseId": "\#(squat)", "restSeconds": 120}"#
        return try await user.client.send("POST", "/v1/workouts/\(workout)/exercises", text: body).decoded()
    }

    private func log(
        _ user: TestUser, _ path: String, _ values: String, key: String? = nil
    ) async throws -> RESTAnswer {
        let headers = key.map { [("Idempotency-Key", $0)] } ?? []
        return try await user.client.send("POST", path, text: values, headers: headers)
    }

    @Test("a workout is started, lifted, completed and shown in the history")
    func whole() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let created = try await ada.client.send("POST", "/v1/workouts", text: #"{"name": "Legs"}"#)
            #expect(created.status == 201)
            let workout: Workout = try created.decoded()
            #expect(created[header: "location"] == "/v1/workouts/\(workout.id)")
            #expect(created[header: "etag"]?.hasSuffix(".1\"") == true)
            #expect(workout.status == .active)
            let path = "/v1/workouts/\(workout.id)"
            let entry = try await addSquat(ada, to: workout.id)
            #expect(entry.name == "Barbell Squat")
            #expect(entry.restSeconds == 120)
            let sets = "\(path)/exercises/\(entry.id)/sets"
            let warmup = try await log(ada, sets, #"{"type": "warmup", "weightKg": 60, "reps": 5}"#)
            #expect(warmup.status == 201)
            let logged = try await log(ada, sets, #"{"weightKg": 100.25, "reps": 5, "rpe": 8.5, "rir": 1}"#)
            let set: WorkoutSet = try logged.decoded()
            #expect(set.weightKg == 100.25)
            #expect(set.rpe == 8.5)
            let completed = try await ada.client.send("POST", "\(path)/complete", text: #"{"rpe": 7.5}"#)
            #expect(completed.status == 200)
            let done: Workout = try completed.decoded()
            #expect(done.status == .completed)
            #expect(done.rpe == 7.5)
            #expect(done.summary.tonnageKg == 501.25)
            #expect(done.summary.workingSets == 1)
            #expect(done.summary.hardSets.contains(WorkoutSummary.MuscleSets(muscle: "quadriceps", sets: 1)))
            let history: Page<WorkoutItem> = try await ada.client.get("/v1/workouts").decoded()
            #expect(history.items.map(\.id) == [workout.id])
            #expect(history.items.first?.tonnageKg == 501.25)
            #expect(history.items.first?.status == .completed)
        }
    }

    @Test("a set is changed and deleted, also after completion, and the summary follows")
    func lateChanges() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let entry = try await addSquat(ada, to: workout.id)
            let path = "/v1/workouts/\(workout.id)"
            let sets = "\(path)/exercises/\(entry.id)/sets"
            let first: WorkoutSet = try await log(ada, sets, #"{"weightKg": 100, "reps": 5}"#).decoded()
            let second: WorkoutSet = try await log(ada, sets, #"{"weightKg": 100, "reps": 5}"#).decoded()
            _ = try await ada.client.send("POST", "\(path)/complete")
            let body = #"{"weightKg": 110, "reps": 3}"#
            let changed = try await ada.client.send("PUT", "\(sets)/\(first.id)", text: body)
            #expect(try changed.decoded(as: WorkoutSet.self).weightKg == 110)
            #expect(try await ada.client.delete("\(sets)/\(second.id)").status == 204)
            #expect(try await ada.client.delete("\(sets)/\(second.id)").status == 404)
            let after: Workout = try await ada.client.get(path).decoded()
            #expect(after.summary.tonnageKg == 330)
            #expect(after.exercises.first?.sets.map(\.id) == [first.id])
        }
    }

    @Test("a second workout that beats the first names its records")
    func records() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            var last: Workout?
            for weight in [100, 105] {
                let workout = try await start(ada)
                let entry = try await addSquat(ada, to: workout.id)
                let sets = "/v1/workouts/\(workout.id)/exercises/\(entry.id)/sets"
                _ = try await log(ada, sets, #"{"weightKg": \#(weight), "reps": 5}"#)
                last = try await ada.client.send("POST", "/v1/workouts/\(workout.id)/complete").decoded()
            }
            let records = try #require(last?.records)
            #expect(records.map(\.kind).sorted() == ["bestEstimatedOneRepMax", "heaviestWeight"])
            #expect(records.first { $0.kind == "heaviestWeight" }?.previousKg == 100)
        }
    }

    @Test("a planned workout waits for its start; steps that do not fit are conflicts")
    func steps() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let plan = try await start(ada, #"{"plannedFor": "2030-01-02", "name": "Pull"}"#)
            #expect(plan.status == .planned)
            #expect(plan.plannedFor?.description == "2030-01-02")
            let path = "/v1/workouts/\(plan.id)"
            func step(_ name: String) async throws -> RESTAnswer {
                try await ada.client.send("POST", "\(path)/\(name)")
            }
            #expect(try await step("pause").code == "wrongState")
            let expected: [(String, WorkoutState.Status)] = [
                ("start", .active), ("pause", .paused), ("resume", .active), ("abandon", .abandoned),
            ]
            for (name, status) in expected {
                let answer = try await step(name)
                #expect(answer.status == 200)
                #expect(try answer.decoded(as: Workout.self).status == status)
            }
            #expect(try await step("complete").status == 409)
            let list: Page<WorkoutItem> = try await ada.client.get("/v1/workouts?status=abandoned").decoded()
            #expect(list.items.map(\.id) == [plan.id])
            #expect(try await ada.client.get("/v1/workouts?status=new").status == 422)
        }
    }

    @Test("name, notes and visibility change under the version that is named")
    func change() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let path = "/v1/workouts/\(workout.id)"
            let tag = try #require(try await ada.client.get(path)[header: "etag"])
            let body = #"{"name": "Legs", "notes": "felt\ngood", "visibility": "public"}"#
            let match = [("If-Match", tag)]
            let changed = try await ada.client.send("PUT", path, text: body, headers: match)
            #expect(changed.status == 200)
            let after: Workout = try changed.decoded()
            #expect(after.name == "Legs")
            #expect(after.notes == "felt\ngood")
            #expect(after.visibility == .public)
            #expect(try await ada.client.send("PUT", path, text: body, headers: match).status == 412)
            let known = [("If-None-Match", changed[header: "etag"] ?? "")]
            #expect(try await ada.client.get(path, headers: known).status == 304)
        }
    }

    @Test("of changes that are made at once under one version, one is taken")
    func race() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let entry = try await addSquat(ada, to: workout.id)
            let path = "/v1/workouts/\(workout.id)"
            let sets = "\(path)/exercises/\(entry.id)/sets"
            let set: WorkoutSet = try await log(ada, sets, #"{"weightKg": 100, "reps": 5}"#).decoded()
            for target in [path, "\(path)/exercises/\(entry.id)", "\(sets)/\(set.id)"] {
                let match = [("If-Match", try await ada.client.get(path)[header: "etag"] ?? "")]
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 1...8 {
                        let body = #"{"name": "\#(number)", "note": "\#(number)", "reps": \#(number)}"#
                        group.addTask { try await ada.client.send("PUT", target, text: body, headers: match).status }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 7), "\(target)")
            }
        }
    }

    @Test(
        "times and places out of bounds are refused and change nothing",
        arguments: [
            ("PUT", "", #"{"startedAt": "soon"}"#, 422), ("PUT", "", #"{"startedAt": "1999-12-31T23:59:59Z"}"#, 422),
            ("PUT", "", #"{"endedAt": "2020-01-01T00:00:00Z"}"#, 409), ("PUT", "", #"{"name": ""}"#, 422),
            ("PUT", "", #"{"visibility": "all"}"#, 422), ("PUT", "", #"{"plannedFor": "2030-02-30"}"#, 422),
            ("POST", "/complete", #"{"rpe": 10.5}"#, 422), ("POST", "/complete", #"{"rpe": 7.3}"#, 422),
            ("POST", "/exercises", #"{"name": "Sled", "supersetGroup": 0}"#, 422),
            ("POST", "/exercises", #"{"name": "Sled", "supersetGroup": 101}"#, 422),
            ("POST", "/exercises", #"{"name": "Sled", "restSeconds": 86400.5}"#, 422),
        ])
    func bounds(method: String, part: String, body: String, status: Int) async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let path = "/v1/workouts/\(try await start(ada, #"{"name": "Legs"}"#).id)"
            let before = try await ada.client.get(path)
            #expect(try await ada.client.send(method, path + part, text: body).status == status)
            let after = try await ada.client.get(path)
            #expect(after.body == before.body && after[header: "etag"] == before[header: "etag"])
        }
    }

    @Test("nobody has more than 20,000 workouts, however many are begun at once")
    func tooManyWorkouts() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await server.pool.execute(
                """
                insert into workouts (id, user_id)
                select overlay(gen_random_uuid()::text placing '7' from 15)::uuid, \(ada.id) from generate_series(1, 19999)
                """)
            var answers: [RESTAnswer] = []
            try await withThrowingTaskGroup(of: RESTAnswer.self) { group in
                try await server.pool.whileHolding("select from users where id = \(ada.id) for update") {
                    for _ in 0..<3 { group.addTask { try await ada.client.send("POST", "/v1/workouts", text: "{}") } }
                    try await server.pool.untilWaiting { $0 == 3 }
                }
                for try await answer in group { answers.append(answer) }
            }
            #expect(answers.map(\.status).sorted() == [201, 409, 409])
            #expect(try await server.count("workouts") == 20_000)
        }
    }

    @Test("the hundred and first exercise of a workout is refused")
    func tooManyExercises() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let path = "/v1/workouts/\(try await start(ada).id)/exercises"
            for number in 1...100 {
                let added = try await ada.client.send("POST", path, text: #"{"name": "Sled \#(number)"}"#)
                #expect(added.status == 201)
            }
            let refused = try await ada.client.send("POST", path, text: #"{"name": "Sled 101"}"#)
            #expect(refused.code == "limitReached")
        }
    }

    @Test("exercises are reordered, changed and removed")
    func entries() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let path = "/v1/workouts/\(workout.id)"
            let first = try await addSquat(ada, to: workout.id)
            let second: WorkoutExercise = try await ada.client.send(
                "POST", "\(path)/exercises", text: #"{"name": "Sled push"}"#
            ).decoded()
            #expect(second.exerciseId == nil)
            let body = #"{"position": 1, "supersetGroup": 2, "note": "heavy"}"#
            let changed: WorkoutExercise = try await ada.client.send(
                "PUT", "\(path)/exercises/\(second.id)", text: body
            ).decoded()
            #expect(changed.supersetGroup == 2)
            #expect(changed.note == "heavy")
            let moved: Workout = try await ada.client.get(path).decoded()
            #expect(moved.exercises.map(\.id) == [second.id, first.id])
            #expect(try await ada.client.delete("\(path)/exercises/\(first.id)").status == 204)
            let after: Workout = try await ada.client.get(path).decoded()
            #expect(after.exercises.map(\.id) == [second.id])
            #expect(try await ada.client.delete("\(path)/exercises/\(first.id)").status == 404)
        }
    }

    @Test("a repeated key logs one set, in the workout and in the database")
    func keyed() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let entry = try await addSquat(ada, to: workout.id)
            let sets = "/v1/workouts/\(workout.id)/exercises/\(entry.id)/sets"
            let body = #"{"weightKg": 100, "reps": 5}"#
            let first: WorkoutSet = try await log(ada, sets, body, key: "k1").decoded()
            let second: WorkoutSet = try await log(ada, sets, body, key: "k1").decoded()
            #expect(first.id == second.id)
            // As after a crash between the durable op and its stored answer.
            try await server.pool.execute(
                "update idempotency_keys set status = null where key = 'k1'")
            let third: WorkoutSet = try await log(ada, sets, body, key: "k1").decoded()
            #expect(third.id == first.id)
            let stored = try await server.pool.query("select count(*) from workout_sets", as: Int.self)
            #expect(stored == [1])
            #expect(try await log(ada, sets, #"{"reps": 6}"#, key: "k1").code == "idempotencyKeyReused")
        }
    }

    @Test(
        "values out of bounds are refused by name, all at once",
        arguments: [
            (#"{"weightKg": 1000.5, "reps": 1001}"#, ["/weightKg", "/reps"]),
            (#"{"weightKg": -1, "reps": 1}"#, ["/weightKg"]), (#"{"weightKg": 1.0005, "reps": 1}"#, ["/weightKg"]),
            (#"{"reps": 5, "rpe": 8.3}"#, ["/rpe"]), (#"{"reps": 5, "rpe": 0.5}"#, ["/rpe"]),
            (#"{"reps": 5, "rir": 11}"#, ["/rir"]), (#"{"durationSeconds": 86401}"#, ["/durationSeconds"]),
            (#"{"weightKg": 100}"#, ["/reps"]), (#"{"reps": 1.5, "type": "heavy"}"#, ["/type", "/reps"]),
            (#"{"reps": 5, "at": "yesterday", "id": "7"}"#, ["/id", "/at"]),
            (#"{"reps": 5, "side": "both"}"#, ["/side"]),
        ])
    func badSet(body: String, pointers: [String]) async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let entry = try await addSquat(ada, to: workout.id)
            let answer = try await log(ada, "/v1/workouts/\(workout.id)/exercises/\(entry.id)/sets", body)
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.pointer) == pointers)
        }
    }

    @Test("somebody else's workout is not found, except to see it as the audience allows")
    func foreign() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let workout = try await start(ada)
            let path = "/v1/workouts/\(workout.id)"
            let entry = try await addSquat(ada, to: workout.id)
            _ = try await ada.client.send("PUT", path, text: #"{"notes": "secret"}"#)
            #expect(try await bob.client.get(path).status == 404)
            #expect(try await bob.client.send("POST", "\(path)/pause").status == 404)
            #expect(try await bob.client.send("PUT", path, text: #"{"name": "Mine"}"#).status == 404)
            #expect(try await bob.client.delete(path).status == 404)
            #expect(try await bob.client.delete("\(path)/exercises/\(entry.id)").status == 404)
            let taken = try await bob.client.send("POST", "/v1/workouts", text: #"{"id": "\#(workout.id)"}"#)
            #expect(taken.code == "idTaken")
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            let seen = try await bob.client.get(path)
            #expect(seen.status == 200)
            #expect(try seen.decoded(as: Workout.self).notes == nil)
            #expect(try await bob.client.delete(path).status == 404)
            _ = try await ada.client.send("POST", "/v1/users/\(bob.id)/block")
            #expect(try await bob.client.get(path).status == 404)
        }
    }

    @Test("a deleted workout is gone from everywhere, its id stays taken")
    func deleted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let path = "/v1/workouts/\(workout.id)"
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await ada.client.get(path).status == 404)
            #expect(try await ada.client.delete(path).status == 404)
            let list: Page<WorkoutItem> = try await ada.client.get("/v1/workouts").decoded()
            #expect(list.items.isEmpty)
            let again = try await ada.client.send("POST", "/v1/workouts", text: #"{"id": "\#(workout.id)"}"#)
            #expect(again.code == "idTaken")
        }
    }

    @Test("the history pages without gaps or repeats, planned ones first, and filters")
    func history() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            var expected: [WorkoutID] = []
            for day in 1...5 {
                let workout = try await start(ada, #"{"startedAt": "2026-01-0\#(day)T10:00:00Z"}"#)
                expected.insert(workout.id, at: 0)
            }
            var plans: [WorkoutID] = []
            for day in 1...2 {
                plans.append(try await start(ada, #"{"plannedFor": "2030-01-0\#(day)"}"#).id)
            }
            // Two ids of one millisecond stand in no order of making.
            expected = plans.sorted(by: >) + expected
            var seen: [WorkoutID] = []
            var cursor: String?
            repeat {
                let path = "/v1/workouts?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page: Page<WorkoutItem> = try await ada.client.get(path).decoded()
                seen += page.items.map(\.id)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == expected)
            let range = "from=2026-01-02T00:00:00Z&to=2026-01-04T00:00:00Z"
            let some: Page<WorkoutItem> = try await ada.client.get("/v1/workouts?\(range)").decoded()
            #expect(some.items.count == 2)
            let none: Page<WorkoutItem> = try await ada.client.get("/v1/workouts?exercise=\(squat)").decoded()
            #expect(none.items.isEmpty)
            #expect(
                try await ada.client.get("/v1/workouts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z").status == 422
            )
        }
    }

    @Test("what is no exercise, no entry and no body is refused")
    func refusals() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let workout = try await start(ada)
            let path = "/v1/workouts/\(workout.id)/exercises"
            let unknown = #"{"exerciseId": "\#(ExerciseID.make())"}"#
            #expect(try await ada.client.send("POST", path, text: unknown).status == 422)
            #expect(try await ada.client.send("POST", path, text: "{}").status == 422)
            #expect(try await ada.client.send("POST", path, text: "").status == 400)
            let sets = "\(path)/\(EntryID.make())/sets"
            #expect(try await ada.client.send("POST", sets, text: #"{"reps": 5}"#).status == 404)
            let future = #"{"plannedFor": "2030-01-02", "startedAt": "2026-01-01T00:00:00Z"}"#
            #expect(try await ada.client.send("POST", "/v1/workouts", text: future).status == 422)
            #expect(try await ada.client.get("/v1/workouts/\(WorkoutID.make())").status == 404)
            #expect(try await server.client.get("/v1/workouts").status == 401)
        }
    }
}
