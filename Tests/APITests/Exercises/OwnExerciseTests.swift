import Protocol
import Realtime
import Store
import TestKit
import Testing

@testable import API

@Suite("Own exercises and changes of the library")
struct OwnExerciseTests {
    private static let body = """
        {"name": "Log Squat", "level": "intermediate", "category": "Strongman", "equipment": "Log",
         "primaryMuscles": ["quadriceps"], "secondaryMuscles": ["glutes"], "mechanic": "compound", "force": "push",
         "description": "A squat with a log.", "cues": ["Hug it."], "media": ["https://example.com/log.mp4"]}
        """

    @Test("searching with own exercises reads the library once for everybody, and own ones only when they change")
    func overlay() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let library = ExerciseLibrary(pool: server.pool)
            func names(_ user: TestUser, _ query: String) async throws -> [String] {
                try await library.index(for: user.id).search(query).map(\.document.name)
            }
            let made = try await ada.client.send("POST", "/v1/exercises", text: Self.body)
            let path = "/v1/exercises/\(try made.decoded(as: Exercise.self).id)"
            for _ in 0..<3 {
                #expect(try await names(ada, "log squat").first == "Log Squat")
                #expect(try await names(ada, "log sqaut").contains("Log Squat"))
                #expect(try await !names(bob, "log squat").contains("Log Squat"))
            }
            #expect(library.buildCount == 2)
            _ = try await ada.client.send("PUT", path, text: #"{"name": "Heavy Log Squat"}"#)
            #expect(try await names(ada, "log squat").contains("Heavy Log Squat"))
            #expect(library.buildCount == 3)
            _ = try await ada.client.delete(path)
            #expect(try await !names(ada, "log squat").contains("Heavy Log Squat"))
            #expect(library.buildCount == 3)
            let again = try await ada.client.send("POST", "/v1/exercises", text: Self.body)
            #expect(again.status == 201)
            #expect(try await names(ada, "log squat").contains("Log Squat"))
        }
    }

    @Test("an own exercise is made, shown, changed under its version and deleted")
    func whole() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let made = try await ada.client.send("POST", "/v1/exercises", text: Self.body)
            #expect(made.status == 201)
            let exercise: Exercise = try made.decoded()
            let path = "/v1/exercises/\(exercise.id)"
            #expect(made[header: "location"] == path)
            #expect(exercise.isOwn)
            #expect(exercise.category == "strongman")
            #expect(exercise.cues == ["Hug it."])
            let tag = try #require(try await ada.client.get(path)[header: "etag"])
            let change = #"{"name": "Heavy Log Squat", "force": null, "secondaryMuscles": []}"#
            let match = [("If-Match", tag)]
            let changed = try await ada.client.send("PUT", path, text: change, headers: match)
            let after: Exercise = try changed.decoded()
            #expect(after.name == "Heavy Log Squat")
            #expect(after.force == nil)
            #expect(after.mechanic == "compound")
            #expect(try await ada.client.send("PUT", path, text: change, headers: match).status == 412)
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await ada.client.get(path).status == 404)
            #expect(try await ada.client.delete(path).status == 404)
        }
    }

    @Test("the same key makes one exercise")
    func key() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let key = [("Idempotency-Key", "log")]
            let first = try await ada.client.send("POST", "/v1/exercises", text: Self.body, headers: key)
            let second = try await ada.client.send("POST", "/v1/exercises", text: Self.body, headers: key)
            #expect(first.body == second.body)
            let mine: Page<Exercise> = try await ada.client.get("/v1/exercises?mine=true").decoded()
            #expect(mine.items.count == 1)
        }
    }

    @Test("every fault of a body is told")
    func faults() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let body = """
                {"name": " ", "level": "hard", "primaryMuscles": [], "secondaryMuscles": ["arm"],
                 "media": ["http://example.com/a"], "cues": [""]}
                """
            let answer = try await ada.client.send("POST", "/v1/exercises", text: body)
            #expect(answer.status == 422)
            let pointers = Set(try answer.problem.errors.map(\.pointer))
            #expect(
                pointers.isSuperset(of: [
                    "/name", "/level", "/category", "/primaryMuscles", "/secondaryMuscles/0", "/media/0", "/cues/0",
                ]))
            let twice = """
                {"name": "Curl", "level": "beginner", "category": "strength", "primaryMuscles": ["biceps"],
                 "secondaryMuscles": ["biceps"]}
                """
            #expect(try await ada.client.send("POST", "/v1/exercises", text: twice).status == 422)
        }
    }

    @Test("others' exercises are unknown, the library is known but not theirs to change")
    func foreign() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let own: Exercise = try await ada.client.send("POST", "/v1/exercises", text: Self.body).decoded()
            let library = "/v1/exercises/\(ExerciseSeed.id(of: "Barbell_Squat"))"
            for (path, status) in [("/v1/exercises/\(own.id)", 404), (library, 403)] {
                #expect(try await bob.client.send("PUT", path, text: #"{"name": "Mine"}"#).status == status)
                #expect(try await bob.client.delete(path).status == status)
            }
            let forAll = Self.body.dropLast() + #", "isLibrary": true}"#
            #expect(try await bob.client.send("POST", "/v1/exercises", text: String(forAll)).status == 403)
        }
    }

    @Test("an administrator adds to the library and changes it; live rooms know it at once, history keeps names")
    func library() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, root) = (try await server.user("ada"), try await server.admin("root"))
            let forAll = Self.body.dropLast() + #", "isLibrary": true}"#
            let made: Exercise = try await root.client.send("POST", "/v1/exercises", text: String(forAll)).decoded()
            #expect(!made.isOwn)
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let entries = "/v1/workouts/\(workout.id)/exercises"
            let add = #"{"exerciseId": "\#(made.id)"}"#
            let entry: WorkoutExercise = try await ada.client.send("POST", entries, text: add).decoded()
            #expect(entry.name == "Log Squat")
            let path = "/v1/exercises/\(made.id)"
            #expect(try await root.client.send("PUT", path, text: #"{"name": "Log Front Squat"}"#).status == 200)
            let renamed: WorkoutExercise = try await ada.client.send("POST", entries, text: add).decoded()
            #expect(renamed.name == "Log Front Squat")
            #expect(try await root.client.delete(path).status == 204)
            #expect(try await ada.client.get(path).status == 404)
            let kept: Workout = try await ada.client.get("/v1/workouts/\(workout.id)").decoded()
            #expect(kept.exercises.map(\.name) == ["Log Squat", "Log Front Squat"])
        }
    }

    @Test("an own exercise is trained in a room that was open before, and not by others")
    func liveOwn() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let own: Exercise = try await ada.client.send("POST", "/v1/exercises", text: Self.body).decoded()
            let add = #"{"exerciseId": "\#(own.id)"}"#
            let entry: WorkoutExercise = try await ada.client.send(
                "POST", "/v1/workouts/\(workout.id)/exercises", text: add
            ).decoded()
            #expect(entry.name == "Log Squat")
            let other: Workout = try await bob.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let refused = try await bob.client.send("POST", "/v1/workouts/\(other.id)/exercises", text: add)
            #expect(refused.status == 422)
            let later: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let again = try await ada.client.send("POST", "/v1/workouts/\(later.id)/exercises", text: add)
            #expect(again.status == 201)
        }
    }

    @Test("the five hundred and first exercise of one's own is refused")
    func limit() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await server.pool.execute(
                """
                insert into exercises (id, owner, name, level, category, primary_muscles, secondary_muscles)
                select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, \(ada.id), 'Lift ' || n, 'beginner',
                    'strength', '{biceps}', '{}' from generate_series(1, 500) n
                """)
            #expect(try await ada.client.send("POST", "/v1/exercises", text: Self.body).code == "limitReached")
            #expect(try await ada.client.delete("/v1/exercises/01900000-0000-7000-8000-000000000001").status == 204)
            #expect(try await ada.client.send("POST", "/v1/exercises", text: Self.body).status == 201)
            // Deleting makes no room for ever.
            try await server.pool.execute(
                """
                insert into exercises (id, owner, name, level, category, primary_muscles, secondary_muscles, deleted_at)
                select ('01900000-0000-7000-8001-' || lpad(n::text, 12, '0'))::uuid, \(ada.id), 'Gone ' || n, 'beginner',
                    'strength', '{biceps}', '{}', now() from generate_series(1, 2000) n
                """)
            #expect(try await ada.client.delete("/v1/exercises/01900000-0000-7000-8000-000000000002").status == 204)
            #expect(try await ada.client.send("POST", "/v1/exercises", text: Self.body).code == "limitReached")
            let before = try await server.count("exercises")
            let log = """
                Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE
                2026-01-05 18:00:00,"Arms",45m,"Lift of my own",1,40,8,0,0,"","",
                """
            #expect(try await ada.imported(log, "?unit=kg").report.sets.created == 1)
            #expect(try await server.count("exercises") == before)
        }
    }

    @Test(
        "searches out of bounds are refused by name",
        arguments: [
            (#"{"query": "\#(String(repeating: "x", count: 201))"}"#, "/query"), (#"{"query": 5}"#, "/query"),
            (#"{"muscles": ["arm"]}"#, "/muscles/0"), (#"{"muscles": ["chest", "chest"]}"#, "/muscles/1"),
            (#"{"levels": "beginner"}"#, "/levels"), (#"{"equipment": [""]}"#, "/equipment/0"),
            (#"{"forces": ["shove"]}"#, "/forces/0"), (#"{"mechanics": ["both"]}"#, "/mechanics/0"),
        ])
    func badSearch(body: String, pointer: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.send("POST", "/v1/exercises/search", text: body)
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.pointer) == [pointer])
        }
    }

    @Test("only those who logged it rate it, once each, and may change their mind")
    func rating() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let squat = ExerciseSeed.id(of: "Barbell_Squat")
            let path = "/v1/exercises/\(squat)"
            func rate(_ user: TestUser, _ rating: Int) async throws -> RESTAnswer {
                try await user.client.send("POST", "\(path)/rate", text: #"{"rating": \#(rating)}"#)
            }
            #expect(try await rate(ada, 4).status == 403)
            for user in [ada, bob] { try await user.log(squat) }
            for bad in [0, 6] { #expect(try await rate(ada, bad).status == 422) }
            #expect(try await rate(ada, 2).status == 200)
            #expect(try await rate(ada, 5).status == 200)
            let last: ExerciseRating = try await rate(bob, 4).decoded()
            #expect(last.averageRating == 4.5)
            #expect(last.ratingCount == 2)
            let shown: Exercise = try await ada.client.get(path).decoded()
            #expect(shown.myRating == 5)
            #expect(shown.averageRating == 4.5)
            let first: Page<Exercise> = try await ada.client.get("/v1/exercises?sort=rating&limit=1").decoded()
            #expect(first.items.map(\.id) == [squat])
            try await server.pool.execute("delete from exercise_ratings where user_id = \(bob.id)")
            let after: Exercise = try await ada.client.get(path).decoded()
            #expect(after.averageRating == 5)
            let unknown = "/v1/exercises/\(ExerciseID.make())/rate"
            #expect(try await ada.client.send("POST", unknown, text: #"{"rating": 1}"#).status == 404)
        }
    }

    @Test("rooms know all own exercises that stand, and of the deleted ones the latest only")
    func known() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await server.pool.execute(
                """
                insert into exercises (id, owner, name, level, category, equipment, primary_muscles,
                    secondary_muscles, deleted_at)
                select overlay(gen_random_uuid()::text placing '7' from 15)::uuid, \(ada.id), 'Sled ' || n, 'beginner',
                    'strength', 'none', '{chest}', '{}', case when n > 10 then now() - n * interval '1 hour' end
                from generate_series(1, 1500) as n
                """)
            let catalog = try await Exercises(pool: server.pool).catalog()
            let names = Set(try await catalog.exercises(of: ada.id).map(\.facts.name))
            #expect(names == Set((1...1000).map { "Sled \($0)" }))
        }
    }
}
