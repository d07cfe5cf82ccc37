import API
import Protocol
import Realtime
import Store
import TestKit
import Testing

@Suite("Exercises")
struct ExerciseTests {
    @Test("the shipped library has 873 exercises whose ids are distinct, well formed and always the same")
    func seed() throws {
        let entries = try ExerciseSeed.entries()
        #expect(entries.count == 873)
        #expect(Set(entries.map(\.id)).count == 873)
        let areWellFormed = entries.allSatisfy(\.id.isWellFormed)
        #expect(areWellFormed)
        #expect(ExerciseSeed.id(of: "Barbell_Squat").description == "019aa8dc-4800-7d7a-82ed-f5714384770d")
    }

    @Test("loading the library again adds nothing, also twice at once")
    func loadTwice() async throws {
        try await TestPostgres.withDatabase { database in
            async let first = ExerciseSeed.load(into: database.pool)
            async let second = ExerciseSeed.load(into: database.pool)
            let added = try await [first, second]
            #expect(added.reduce(0, +) == 873)
            #expect(try await ExerciseSeed.load(into: database.pool) == 0)
            let catalog = try await Exercises(pool: database.pool).catalog()
            let squat = try #require(catalog[ExerciseSeed.id(of: "Barbell_Squat")])
            #expect(squat.name == "Barbell Squat")
            #expect(squat.primaryMuscles == ["quadriceps"])
        }
    }

    @Test("all pages together are the whole library in the order of names")
    func paging() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            var ids: [ExerciseID] = []
            var cursor: String?
            repeat {
                let path = "/v1/exercises?limit=100&sort=name" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page: Page<Exercise> = try await ada.client.get(path).decoded()
                ids += page.items.map(\.id)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(ids.count == 873)
            let inOrder = try await server.pool.query(
                "select id from exercises order by lower(name), id", as: ExerciseID.self)
            #expect(ids == inOrder)
        }
    }

    @Test("filters narrow the list, also together")
    func filters() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let path = "/v1/exercises?limit=100&muscle=chest&equipment=barbell&level=beginner&mechanic=compound"
            let page: Page<Exercise> = try await ada.client.get(path + "&force=push&category=strength").decoded()
            #expect(!page.items.isEmpty)
            let areRight = page.items.allSatisfy { exercise in
                (exercise.primaryMuscles + exercise.secondaryMuscles).contains("chest")
                    && exercise.equipment == "barbell" && exercise.level == "beginner" && exercise.force == "push"
            }
            #expect(areRight)
            let mine: Page<Exercise> = try await ada.client.get("/v1/exercises?mine=true").decoded()
            #expect(mine.items.isEmpty)
        }
    }

    @Test(
        "values that are no filter are refused",
        arguments: ["muscle=arm", "level=hard", "force=pulls", "mechanic=", "mine=yes", "sort=newest", "q=bench"])
    func badFilter(query: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.get("/v1/exercises?\(query)").status == 422)
        }
    }

    @Test("one exercise is found by its id and spared when it is known")
    func one() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let path = "/v1/exercises/\(ExerciseSeed.id(of: "Barbell_Squat"))"
            let answer = try await ada.client.get(path)
            let exercise: Exercise = try answer.decoded()
            #expect(exercise.name == "Barbell Squat")
            #expect(!exercise.isOwn)
            let tag = try #require(answer[header: "etag"])
            #expect(try await ada.client.get(path, headers: [("If-None-Match", tag)]).status == 304)
            #expect(try await ada.client.get("/v1/exercises/\(ExerciseID.make())").status == 404)
            #expect(try await ada.client.get("/v1/exercises/squat").status == 404)
            #expect(try await server.client.get(path).status == 401)
            let cut = try await ada.client.get(path + "?fields=name,level")
            #expect(cut.text == #"{"level":"beginner","name":"Barbell Squat"}"#)
        }
    }

    @Test("another user's own exercise is unknown")
    func foreign() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let id = ExerciseID.make()
            try await server.pool.execute(
                """
                insert into exercises (id, owner, name, level, category, primary_muscles, secondary_muscles)
                values (\(id), \(ada.id), 'Ada''s curl', 'beginner', 'strength', '{biceps}', '{}')
                """)
            let own: Exercise = try await ada.client.get("/v1/exercises/\(id)").decoded()
            #expect(own.isOwn)
            #expect(try await bob.client.get("/v1/exercises/\(id)").status == 404)
            let list: Page<Exercise> = try await bob.client.get("/v1/exercises").decoded()
            #expect(list.items.isEmpty)
            let mine: Page<Exercise> = try await ada.client.get("/v1/exercises?mine=true").decoded()
            #expect(mine.items.map(\.id) == [id])
        }
    }
}
