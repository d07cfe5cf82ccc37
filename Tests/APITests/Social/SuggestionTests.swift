import API
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Friend suggestions")
struct SuggestionTests {
    private func suggestions(for user: TestUser, _ query: String = "") async throws -> [FriendSuggestion] {
        try await user.client.get("/v1/users/friends/suggestions\(query)")
            .decoded(as: Listed<FriendSuggestion>.self).items
    }

    private func befriend(_ server: RESTServer, _ pairs: (TestUser, TestUser)...) async throws {
        try await Relations(pool: server.pool).makeFriends(pairs.map { ($0.id, $1.id) }, at: server.clock.now)
    }

    private func train(_ user: TestUser, at gym: String) async throws {
        _ = try await user.client.send("PUT", "/v1/users/profile", text: #"{"gym": "\#(gym)"}"#)
    }

    private func set(_ privacy: String, of user: TestUser) async throws {
        _ = try await user.client.send("PUT", "/v1/users/preferences", text: #"{"privacy": \#(privacy)}"#)
    }

    @Test("friends of friends are proposed with how many friends are in common, and by that in order")
    func mutualFriends() async throws {
        try await RESTServer.run { server in
            let (ada, bob, carl) = (
                try await server.user("ada"), try await server.user("bob"), try await server.user("carl")
            )
            let (dora, emil) = (try await server.user("dora"), try await server.user("emil"))
            #expect(try await suggestions(for: ada).isEmpty)
            try await befriend(server, (ada, bob), (ada, carl), (bob, dora), (carl, dora), (carl, emil))
            let found = try await suggestions(for: ada)
            #expect(found.map(\.user.username) == ["dora", "emil"])
            #expect(found.first?.reasons == [.init(kind: .mutualFriends, count: 2, text: "2 friends in common")])
            #expect(try await suggestions(for: ada, "?limit=1").map(\.user.username) == ["dora"])
        }
    }

    @Test("people of the same gym are proposed, however it is written, unless their profile is not for everyone")
    func sameGym() async throws {
        try await RESTServer.run { server in
            let (ada, bob, carl) = (
                try await server.user("ada"), try await server.user("bob"), try await server.user("carl")
            )
            try await train(ada, at: "Iron House")
            try await train(bob, at: "IRON house")
            try await train(carl, at: "Iron Hut")
            #expect(try await suggestions(for: ada).map(\.user.username) == ["bob"])
            #expect(try await suggestions(for: ada).first?.reasons.map(\.kind) == [.sameGym])
            try await set(#"{"profile": "friends"}"#, of: bob)
            #expect(try await suggestions(for: ada).isEmpty)
        }
    }

    @Test("people who train the same exercises are proposed if everyone may see their workouts")
    func sameExercises() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob, carl) = (
                try await server.user("ada"), try await server.user("bob"), try await server.user("carl")
            )
            let exercises = ["Barbell_Squat", "Barbell_Deadlift", "Pullups"].map { ExerciseSeed.id(of: $0) }
            try await ada.log(exercises)
            try await bob.log(exercises)
            try await carl.log(Array(exercises.prefix(2)))
            #expect(try await suggestions(for: ada).isEmpty)
            try await set(#"{"workouts": "public"}"#, of: bob)
            try await set(#"{"workouts": "public"}"#, of: carl)
            let found = try await suggestions(for: ada)
            #expect(found.map(\.user.username) == ["bob"])
            #expect(found.first?.reasons.map(\.kind) == [.sameExercises])
            #expect(found.first?.reasons.map(\.count) == [3])
        }
    }

    @Test("friends, pending and declined requests, blocked, suspended and undiscoverable users are never proposed")
    func excluded() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let names = ["friend", "asked", "asking", "declined", "blocker", "blocked", "suspended", "hidden", "open"]
            var people: [String: TestUser] = [:]
            for name in names {
                people[name] = try await server.user(name)
                if let user = people[name] { try await train(user, at: "Iron House") }
            }
            try await train(ada, at: "Iron House")
            #expect(try await suggestions(for: ada).count == names.count)
            func user(_ name: String) throws -> TestUser { try #require(people[name]) }
            func ask(_ from: TestUser, _ to: TestUser) async throws {
                _ = try await from.client.post("/v1/users/friends/request", FriendRequestBody(userId: to.id))
            }
            try await befriend(server, (ada, try user("friend")))
            try await ask(ada, try user("asked"))
            try await ask(try user("asking"), ada)
            try await ask(try user("declined"), ada)
            _ = try await ada.client.put(
                "/v1/users/friends/\(try user("declined").id)", FriendAnswerBody(action: .reject))
            _ = try await user("blocker").client.send("POST", "/v1/users/\(ada.id)/block")
            _ = try await ada.client.send("POST", "/v1/users/\(try user("blocked").id)/block")
            try await server.pool.execute("update users set status = 'suspended' where username = 'suspended'")
            try await set(#"{"isDiscoverable": false}"#, of: try user("hidden"))
            #expect(try await suggestions(for: ada).map(\.user.username) == ["open"])
        }
    }

    @Test("limits beyond 1 to 50 are refused", arguments: [("0", 422), ("51", 422), ("x", 422), ("50", 200)])
    func limits(limit: String, status: Int) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.get("/v1/users/friends/suggestions?limit=\(limit)").status == status)
            #expect(try await server.client.get("/v1/users/friends/suggestions").status == 401)
        }
    }

    @Test("the candidates are found through indexes")
    func plan() async throws {
        try await TestPostgres.withDatabase { database in
            try await database.pool.execute(
                """
                insert into users (id, username, email, display_name, gym, created_at)
                select gen_random_uuid(), 'athlete_' || n, n || '@example.org', 'A', 'Gym ' || n % 500, now()
                from generate_series(1, 10000) n
                """)
            try await database.pool.execute(
                """
                insert into friendships (low, high, state, requested_by, requested_at, changed_at)
                select least(a.id, b.id), greatest(a.id, b.id), 'friends', a.id, now(), now()
                from generate_series(1, 10000) n cross join (values (1), (7), (31)) step (size)
                    join users a on a.username = 'athlete_' || n
                    join users b on b.username = 'athlete_' || (n + step.size)
                """)
            for statement in ["vacuum analyze users", "vacuum analyze friendships"] as [SQL] {
                try await database.pool.execute(statement)
            }
            let user = try #require(
                try await database.pool.first(
                    "select id from users where username = 'athlete_5000'", as: UserID.self))
            let sql = FriendSuggestions.statement(for: user, alsoOf: [user])
            let plan = try await database.pool.query("explain \(sql)", as: String.self).joined(separator: "\n")
            #expect(plan.contains("users_by_gym"), "\(plan)")
            #expect(plan.contains("friendships_of_high"), "\(plan)")
            #expect(!plan.contains("Seq Scan"), "\(plan)")
        }
    }
}
