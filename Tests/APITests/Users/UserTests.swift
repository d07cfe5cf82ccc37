import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Users")
struct UserTests {
    @Test("a profile shows all members, empty ones as null, and is not to be stored")
    func profile() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.get("/v1/users/profile")
            #expect(answer.status == 200)
            #expect(answer[header: "cache-control"] == "private, no-store")
            #expect(answer.text.contains(#""avatar":null"#))
            #expect(answer.text.contains(#""heightCm":null"#))
            let profile: Profile = try answer.decoded()
            #expect(profile.id == ada.id)
            #expect(profile.isVerified)
            #expect(profile.unit == .metric)
            #expect(profile.timeZone == "UTC")
            #expect(try await server.client.get("/v1/users/profile").status == 401)
        }
    }

    @Test("a change keeps what is left out and clears what is null")
    func change() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let all = """
                {"displayName": " Ada  ", "bio": "lifts\\nheavy", "birthDate": "1990-02-28", "sex": "female",
                 "heightCm": 171.5, "experience": "advanced", "trainingGoals": ["strength", "mobility"],
                 "gym": "Iron House", "unit": "imperial", "timeZone": "Europe/Berlin"}
                """
            #expect(try await ada.client.send("PUT", "/v1/users/profile", text: all).status == 200)
            let some = #"{"heightCm": null, "bio": "rests"}"#
            let answer = try await ada.client.send("PUT", "/v1/users/profile", text: some)
            let profile: Profile = try answer.decoded()
            #expect(profile.displayName == "Ada")
            #expect(profile.bio == "rests")
            #expect(profile.heightCm == nil)
            #expect(profile.birthDate?.description == "1990-02-28")
            #expect(profile.trainingGoals == [.strength, .mobility])
            #expect(profile.timeZone == "Europe/Berlin")
            let read: Profile = try await ada.client.get("/v1/users/profile").decoded()
            #expect(read.gym == "Iron House")
            #expect(read.sex == .female)
        }
    }

    @Test(
        "values out of bounds are refused by name",
        arguments: [
            ("displayName", "\"  \""), ("displayName", "null"), ("bio", "3"), ("birthDate", "\"2023-02-29\""),
            ("birthDate", "\"1899-12-31\""), ("birthDate", "\"2999-01-01\""), ("sex", "\"other\""),
            ("heightCm", "49.9"), ("heightCm", "300.5"), ("heightCm", "\"180\""), ("experience", "\"expert\""),
            ("trainingGoals", "[\"strength\", \"strength\"]"), ("trainingGoals", "\"strength\""),
            ("gym", "\"\""), ("unit", "\"stone\""), ("timeZone", "\"Mars/Olympus\""), ("timeZone", "\"GMT+99\""),
        ])
    func outOfBounds(member: String, value: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.send("PUT", "/v1/users/profile", text: "{\"\(member)\": \(value)}")
            #expect(answer.status == 422)
            let pointers = try answer.problem.errors.map(\.pointer)
            #expect(pointers.count == 1)
            #expect(pointers.allSatisfy { $0.hasPrefix("/\(member)") })
        }
    }

    @Test(
        "values at their bounds are taken",
        arguments: [
            ("displayName", "\"x\""), ("displayName", "\"\(String(repeating: "é", count: 80))\""), ("bio", "\"\""),
            ("bio", "\"\(String(repeating: "x", count: 1000))\""), ("birthDate", "\"1900-01-01\""),
            ("birthDate", "\"2000-02-29\""), ("heightCm", "50"), ("heightCm", "300"), ("trainingGoals", "[]"),
            ("gym", "\"\(String(repeating: "x", count: 120))\""), ("gym", "null"), ("sex", "null"),
            ("timeZone", "\"UTC\""), ("timeZone", "\"America/Argentina/Buenos_Aires\""),
        ])
    func bounds(member: String, value: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await ada.client.send("PUT", "/v1/users/profile", text: "{\"\(member)\": \(value)}")
            #expect(answer.status == 200)
        }
    }

    @Test("values one beyond their bounds are refused, all of a body at once, and nothing is kept")
    func beyondBounds() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let body = """
                {"displayName": "\(String(repeating: "é", count: 81))", "bio": "\(String(repeating: "x", count: 1001))",
                 "heightCm": 300.01, "gym": "\(String(repeating: "x", count: 121))", "experience": "elite"}
                """
            let answer = try await ada.client.send("PUT", "/v1/users/profile", text: body)
            #expect(answer.status == 422)
            #expect(Set(try answer.problem.errors.map(\.pointer)) == ["/displayName", "/bio", "/heightCm", "/gym"])
            let profile: Profile = try await ada.client.get("/v1/users/profile").decoded()
            #expect(profile.experience == nil)
        }
    }

    @Test("a change that names an older version is refused")
    func staleChange() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let tag = try #require(try await ada.client.get("/v1/users/profile")[header: "etag"])
            let match = [("If-Match", tag)]
            let body = #"{"bio": "new"}"#
            let first = try await ada.client.send("PUT", "/v1/users/profile", text: body, headers: match)
            #expect(first.status == 200)
            let second = try await ada.client.send("PUT", "/v1/users/profile", text: body, headers: match)
            #expect(second.status == 412)
            #expect(first[header: "etag"] != tag)
        }
    }

    @Test("preferences begin with friends and nobody, and a change reaches the live side after its commit")
    func preferences() async throws {
        let (changes, tell) = AsyncStream.makeStream(of: UserID.self, bufferingPolicy: .bufferingNewest(4))
        let hooks = LiveHooks(livePreferenceChanged: { user in tell.yield(user) })
        try await RESTServer.run(live: hooks) { server in
            let ada = try await server.user("ada")
            let before: Preferences = try await ada.client.get("/v1/users/preferences").decoded()
            #expect(before.privacy == Privacy(live: .friends, heartRate: .nobody))
            let body = #"{"privacy": {"live": "public"}}"#
            let answer = try await ada.client.send("PUT", "/v1/users/preferences", text: body)
            let after: Preferences = try answer.decoded()
            #expect(after.privacy == Privacy(live: .public, heartRate: .nobody))
            var iterator = changes.makeAsyncIterator()
            #expect(await iterator.next() == ada.id)
            #expect(try await Users(pool: server.pool).privacy(of: ada.id).live == .public)
            let bad = #"{"privacy": {"live": "everybody", "heartRate": null}}"#
            let refused = try await ada.client.send("PUT", "/v1/users/preferences", text: bad)
            #expect(try refused.problem.errors.map(\.pointer) == ["/privacy/live", "/privacy/heartRate"])
        }
    }

    @Test("another user's profile shows the relation and nothing private")
    func publicProfile() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            let answer = try await ada.client.get("/v1/users/\(bob.id)")
            #expect(answer.status == 200)
            #expect(try answer.decoded(as: PublicProfile.self).relation == .stranger)
            #expect(!answer.text.contains("email"))
            #expect(!answer.text.contains("birthDate"))
            let own: PublicProfile = try await ada.client.get("/v1/users/\(ada.id)").decoded()
            #expect(own.relation == .oneself)
        }
    }

    @Test("users that do not exist, malformed ids and either side of a block are not found")
    func hidden() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            #expect(try await ada.client.get("/v1/users/\(UserID.make())").status == 404)
            #expect(try await ada.client.get("/v1/users/7").status == 404)
            #expect(try await ada.client.send("POST", "/v1/users/\(bob.id)/block").status == 204)
            #expect(try await ada.client.get("/v1/users/\(bob.id)").status == 404)
            #expect(try await bob.client.get("/v1/users/\(ada.id)").status == 404)
        }
    }
}
