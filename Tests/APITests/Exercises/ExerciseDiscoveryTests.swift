import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Finding exercises")
struct ExerciseDiscoveryTests {
    private func search(_ user: TestUser, _ body: String, _ query: String = "") async throws -> ExerciseSearchPage {
        try await user.client.send("POST", "/v1/exercises/search\(query)", text: body).decoded()
    }

    @Test("at least 150 movements of the library have a description, cues and other names")
    func guides() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            try await ExerciseSeed.load(into: server.pool)
            let guided = try await server.pool.first(
                """
                select count(*) from exercises where description is not null and cardinality(cues) between 2 and 4
                    and cardinality(aliases) > 0 and version = 2 + (body_weight_share is not null)::integer
                """, as: Int.self)
            #expect(guided == (try ExerciseGuides.guides()).count)
            #expect(guided ?? 0 >= 150)
            let ada = try await server.user("ada")
            let path = "/v1/exercises/\(ExerciseSeed.id(of: "Barbell_Squat"))"
            let squat: Exercise = try await ada.client.get(path).decoded()
            #expect(squat.description?.isEmpty == false)
            #expect(squat.cues.count >= 2)
        }
    }

    @Test(
        "the movement that is meant comes first, also with typos, short forms and other names",
        arguments: [
            ("bench", "Barbell_Bench_Press_-_Medium_Grip"), ("bench press", "Barbell_Bench_Press_-_Medium_Grip"),
            ("benhc pres", "Barbell_Bench_Press_-_Medium_Grip"), ("squat", "Barbell_Squat"),
            ("sqaut", "Barbell_Squat"), ("RDL", "Romanian_Deadlift"), ("deadlfit", "Barbell_Deadlift"),
            ("ohp", "Standing_Military_Press"), ("pull-up", "Pullups"), ("pullup", "Pullups"),
            ("Lat Pulldown", "Wide-Grip_Lat_Pulldown"), ("db bench", "Dumbbell_Bench_Press"),
            ("romanian dedlift", "Romanian_Deadlift"), ("leg pres", "Leg_Press"), ("pec deck", "Butterfly"),
        ])
    func ranking(query: String, slug: String) async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let page = try await search(ada, #"{"query": "\#(query)"}"#)
            #expect(page.items.first?.exercise.id == ExerciseSeed.id(of: slug), "\(page.items.map(\.exercise.name))")
        }
    }

    @Test("choices narrow the hits; each facet counts what the other choices leave")
    func facets() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let all = try await search(ada, #"{"query": "press"}"#)
            let chosen = try await search(ada, #"{"query": "press", "equipment": ["barbell", "cable"]}"#)
            let areRight = chosen.items.allSatisfy { ["barbell", "cable"].contains($0.exercise.equipment) }
            #expect(areRight)
            #expect(chosen.facets.equipment == all.facets.equipment)
            let counts = all.facets.equipment.filter { ["barbell", "cable"].contains($0.value) }.map(\.count)
            #expect(chosen.total == counts.reduce(0, +))
            #expect(chosen.facets.levels.map(\.count).reduce(0, +) == chosen.total)
            let none = try await search(ada, #"{"query": "xyzzyplugh"}"#)
            #expect(none.total == 0)
            #expect(none.items.isEmpty)
        }
    }

    @Test("the pages of a search are the whole of it, without repeats")
    func searchPages() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            var ids: [ExerciseID] = []
            var cursor: String?
            var total = 0
            repeat {
                let query = "?limit=50" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await search(ada, #"{"query": "curl"}"#, query)
                ids += page.items.map(\.exercise.id)
                (cursor, total) = (page.nextCursor, page.total)
            } while cursor != nil
            #expect(ids.count == total)
            #expect(Set(ids).count == total)
            let everything = try await search(ada, "{}")
            #expect(everything.total == 873)
        }
    }

    @Test("a search finds one's own exercises and those the library has just got, never another's")
    func fresh() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let root = try await server.admin("root")
            let query = #"{"query": "zorblatt"}"#
            #expect(try await search(bob, query).total == 0)
            let body = #"""
                {"name": "Zorblatt Curl", "level": "beginner", "category": "strength", "primaryMuscles": ["biceps"]
                """#
            _ = try await ada.client.send("POST", "/v1/exercises", text: body + "}")
            #expect(try await search(ada, query).total == 1)
            #expect(try await search(bob, query).total == 0)
            _ = try await root.client.send("POST", "/v1/exercises", text: body + #", "isLibrary": true}"#)
            #expect(try await search(bob, query).total == 1)
            #expect(try await search(ada, query).total == 2)
        }
    }

    @Test("muscle, equipment and filters agree with each other")
    func filters() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let filters: ExerciseFacets = try await ada.client.get("/v1/exercises/filters").decoded()
            #expect(filters.levels.map(\.count).reduce(0, +) == 873)
            let barbell = filters.equipment.first { $0.value == "barbell" }
            #expect(barbell?.count == 170)
            let page: Page<Exercise> = try await ada.client.get("/v1/exercises/muscle/lower%20back?limit=100").decoded()
            let count = filters.muscles.first { $0.value == "lower back" }?.count
            #expect(min(count ?? 0, 100) == page.items.count)
            let bands: Page<Exercise> = try await ada.client.get("/v1/exercises/equipment/bands?limit=100").decoded()
            #expect(bands.items.count == 20)
            #expect(try await ada.client.get("/v1/exercises/muscle/arm").status == 404)
            #expect(try await ada.client.get("/v1/exercises/equipment/spaceship").status == 404)
            #expect(try await server.client.get("/v1/exercises/filters").status == 401)
        }
    }

    @Test("popular exercises and figures follow the sets of the last 30 days")
    func popular() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let (dip, curl) = (ExerciseSeed.id(of: "Ring_Dips"), ExerciseSeed.id(of: "Drag_Curl"))
            for user in [ada, bob] { try await user.log(dip, sets: 2) }
            try await ada.log(curl)
            let popular: Listed<ExerciseTrend> = try await ada.client.get("/v1/exercises/popular?limit=3").decoded()
            #expect(popular.items.prefix(2).map(\.exercise.id) == [dip, curl])
            #expect(popular.items.first?.sets == 4)
            #expect(popular.items.first?.athletes == 2)
            #expect(popular.items.first?.changePercent == nil)
            let stats: ExerciseStats = try await ada.client.get("/v1/exercises/stats").decoded()
            #expect(stats.libraryCount == 873)
            #expect(stats.recentSets == 5)
            #expect(stats.trainedExercises == 2)
            #expect(stats.levels.map(\.count).reduce(0, +) == 873)
            let list: Page<Exercise> = try await ada.client.get("/v1/exercises?sort=popularity&limit=2").decoded()
            #expect(list.items.map(\.id) == [dip, curl])
            #expect(try await ada.client.get("/v1/exercises/popular?limit=0").status == 422)
        }
    }

    @Test("a newcomer is shown well known movements; who trains only chest hears of the other muscles")
    func recommended() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let path = "/v1/exercises/recommended"
            let first: Listed<ExerciseSuggestion> = try await ada.client.get(path).decoded()
            #expect(first.items.count == 10)
            let areKnown = first.items.allSatisfy { $0.reasons.map(\.kind) == [.wellKnown] }
            #expect(areKnown)
            let bench = ExerciseSeed.id(of: "Barbell_Bench_Press_-_Medium_Grip")
            try await ada.log(bench, sets: 6)
            let later: Listed<ExerciseSuggestion> = try await ada.client.get(path).decoded()
            let gaps = later.items.filter { $0.reasons.first?.kind == .neglectedMuscle }
            #expect(!gaps.isEmpty)
            #expect(!later.items.contains { $0.exercise.id == bench })
            let fits = later.items.allSatisfy { ["barbell", "body only", nil].contains($0.exercise.equipment) }
            #expect(fits)
            #expect(gaps.first?.reasons.first?.text.contains("against 6 hard sets for chest") == true)
        }
    }

    @Test("similar exercises share muscles, or are trained together, and say so")
    func similar() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let (bench, fly) = (
                ExerciseSeed.id(of: "Barbell_Bench_Press_-_Medium_Grip"), ExerciseSeed.id(of: "Dumbbell_Flyes")
            )
            for _ in 0..<2 { try await ada.log([bench, fly]) }
            let path = "/v1/exercises/\(bench)/similar?limit=50"
            let similar: Listed<ExerciseSuggestion> = try await ada.client.get(path).decoded()
            #expect(similar.items.first?.exercise.primaryMuscles == ["chest"])
            #expect(similar.items.first?.reasons.map(\.kind).contains(.sameMuscles) == true)
            #expect(!similar.items.contains { $0.exercise.id == bench })
            let companion = similar.items.first { $0.exercise.id == fly }
            let together = companion?.reasons.first { $0.kind == .trainedTogether }
            #expect(together?.text == "Trained in 100 % of the workouts with Barbell Bench Press - Medium Grip.")
            #expect(try await ada.client.get("/v1/exercises/\(ExerciseID.make())/similar").status == 404)
        }
    }
}
