import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// An account that somebody registered with another's address and lived in, until the owner of the address took it over.
@Suite("Accounts that their address's owner takes over")
struct HandoverTests {
    private static let newPassword = "an-entirely-new-9-secret"
    private static let everything = """
        {"privacy": {"profile": "public", "workouts": "public", "live": "public", "heartRate": "public",
            "boards": "private", "achievements": {"audience": "public"}}}
        """

    enum Proof: String, CaseIterable, Sendable { case reset, provider }

    /// Takes the account of Ada's address over; answers a client of its owner.
    private func takeOver(by proof: Proof, _ bench: ProviderBench) async throws -> RESTClient {
        let server = bench.server
        server.clock.advance(by: .milliseconds(1))
        switch proof {
        case .reset:
            let address = ForgotPasswordRequest(email: "ada@example.com")
            _ = try await server.client.post("/v1/auth/forgot-password", address)
            let token = try await server.secret("/reset-password/#", to: "ada@example.com")
            let body = ResetPasswordRequest(token: token, password: Self.newPassword)
            #expect(try await server.client.post("/v1/auth/reset-password", body).status == 204)
            let login = LoginRequest(login: "ada", password: Self.newPassword)
            let signedIn: SignedIn = try await server.client.post("/v1/auth/login", login).decoded()
            return server.client(token: signedIn.tokens.accessToken)
        case .provider:
            let tokens = try await bench.tokens(from: try await bench.browser("google").signIn())
            return server.client(token: tokens.accessToken)
        }
    }

    private func relate(
        _ user: TestUser, _ other: TestUser, _ state: String, askedBy asking: TestUser, _ server: RESTServer
    ) async throws {
        let (low, high) = Relations.ordered(user.id, other.id)
        try await server.pool.execute(
            """
            insert into friendships (low, high, state, requested_by, requested_at, changed_at)
            values (\(low), \(high), \(state), \(asking.id), \(server.clock.now), \(server.clock.now))
            """)
    }

    private func privacy(_ client: RESTClient) async throws -> Privacy {
        try await client.get("/v1/users/preferences").decoded(as: Preferences.self).privacy
    }

    @Test("nobody sees more than of a new account, and the profile nobody", arguments: Proof.allCases)
    func privacy(proof: Proof) async throws {
        try await ProviderBench.run { bench in
            let stranger = try await bench.server.user("ada", isVerified: false)
            let set = try await stranger.client.send("PUT", "/v1/users/preferences", text: Self.everything)
            #expect(set.status == 200)
            let owner = try await takeOver(by: proof, bench)
            // What was narrower stays.
            #expect(try await privacy(owner) == Privacy(profile: .private, boards: .private))
        }
    }

    @Test("ties that the stranger made end, and what others decided about the account stays", arguments: Proof.allCases)
    func people(proof: Proof) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let stranger = try await server.user("ada", isVerified: false)
            var others: [String: TestUser] = [:]
            for name in ["blocked", "blocking", "friend", "asked", "asking", "rejected", "rejecting"] {
                others[name] = try await server.user(name)
            }
            func other(_ name: String) throws -> TestUser { try #require(others[name]) }
            let (blocked, blocking) = (try other("blocked"), try other("blocking"))
            #expect(try await stranger.client.send("POST", "/v1/users/\(blocked.id)/block").status == 204)
            #expect(try await blocking.client.send("POST", "/v1/users/\(stranger.id)/block").status == 204)
            try await relate(stranger, other("friend"), "friends", askedBy: stranger, server)
            try await relate(stranger, other("asked"), "requested", askedBy: stranger, server)
            try await relate(stranger, other("asking"), "requested", askedBy: other("asking"), server)
            try await relate(stranger, other("rejected"), "declined", askedBy: other("rejected"), server)
            try await relate(stranger, other("rejecting"), "declined", askedBy: stranger, server)
            let owner = try await takeOver(by: proof, bench)
            let blocks: Page<BlockedUser> = try await owner.get("/v1/users/blocked").decoded()
            #expect(blocks.items.isEmpty)
            #expect(try await server.pool.query("select blocker from blocks", as: UserID.self) == [blocking.id])
            let left = try await server.pool.query(
                """
                select u.username from friendships f join users u on u.id in (f.low, f.high)
                where u.id <> \(stranger.id) order by 1
                """, as: String.self)
            #expect(left == ["asking", "rejecting"])
            let requests: Page<FriendRequest> = try await owner.get("/v1/users/friends/requests").decoded()
            #expect(requests.items.map(\.user.username) == ["asking"])
        }
    }

    @Test(
        "workouts so far are shown to nobody else, running ones neither, and programs are private",
        arguments: Proof.allCases)
    func training(proof: Proof) async throws {
        try await ProviderBench.run(isLive: true) { bench in
            let server = bench.server
            let (stranger, bob) = (try await server.user("ada", isVerified: false), try await server.user("bob"))
            _ = try await stranger.client.send("PUT", "/v1/users/preferences", text: Self.everything)
            var paths: [String] = []
            for name in ["ended", "running"] {
                let workout: Workout = try await stranger.client.send(
                    "POST", "/v1/workouts", text: #"{"name": "\#(name)"}"#
                ).decoded()
                paths.append("/v1/workouts/\(workout.id)")
                guard name == "ended" else { continue }
                #expect(try await stranger.client.send("POST", "/v1/workouts/\(workout.id)/complete").status == 200)
            }
            let body = TemplateTests.body(visibility: "public")
            let template: Template = try await stranger.client.send("POST", "/v1/templates", text: body).decoded()
            paths.append("/v1/templates/\(template.id)")
            for path in paths { #expect(try await bob.client.get(path).status == 200, "\(path)") }
            let owner = try await takeOver(by: proof, bench)
            // Whatever the owner lets others see from now on.
            _ = try await owner.send("PUT", "/v1/users/preferences", text: Self.everything)
            for path in paths {
                #expect(try await bob.client.get(path).status == 404, "\(path)")
                #expect(try await owner.get(path).status == 200, "\(path)")
            }
            let new: Workout = try await owner.send("POST", "/v1/workouts", text: "{}").decoded()
            #expect(try await bob.client.get("/v1/workouts/\(new.id)").status == 200)
        }
    }

    @Test("an account that somebody made by a provider is handed over when the link of its mail is opened")
    func byLink() async throws {
        try await ProviderBench.run(isLive: true) { bench in
            let server = bench.server
            bench.provider.adjust { $0.isEmailVerified = false }
            let tokens = try await bench.tokens(from: try await bench.browser("google").signIn())
            let stranger = server.client(token: tokens.accessToken)
            _ = try await stranger.send("PUT", "/v1/users/preferences", text: Self.everything)
            #expect(try await stranger.send("POST", "/v1/workouts", text: "{}").status == 201)
            let link = try await server.secret("/v1/auth/verify-email?")
            #expect(try await server.client.get("/v1/auth/verify-email?token=\(link)").status == 200)
            #expect(try await server.pool.query("select is_closed from workouts", as: Bool.self) == [true])
            let body = ResetPasswordRequest(
                token: try await server.secret("/reset-password/#", to: "ada@example.com"), password: Self.newPassword)
            #expect(try await server.client.post("/v1/auth/reset-password", body).status == 204)
            let login = LoginRequest(login: "ada@example.com", password: Self.newPassword)
            let owner: SignedIn = try await server.client.post("/v1/auth/login", login).decoded()
            let client = server.client(token: owner.tokens.accessToken)
            #expect(try await privacy(client) == Privacy(profile: .private, boards: .private))
        }
    }

    @Test("an import that the stranger has left under way ends where it is")
    func imports() async throws {
        try await ProviderBench.run(isLive: true, adjust: { $0.importAtOnceBytes = 1000 }) { bench in
            let server = bench.server
            let stranger = try await server.user("ada", isVerified: false)
            let id = try await stranger.importing(try ImportFixture.whole("hevy_kg_emoji"))
                .decoded(as: WorkoutImport.self).id
            // By a mail it would have its turn first, since jobs send it.
            let owner = try await takeOver(by: .provider, bench)
            try await server.runJobs()
            #expect(try await server.count("workouts") == 0)
            #expect(try await server.count("workout_import_parts") == 0)
            let told: WorkoutImport = try await owner.get("/v1/workouts/import/\(id)").decoded()
            #expect(told.status == .failed && told.failure?.contains("owner") == true)
        }
    }

    @Test("a new password for an account whose address was verified changes none of that", arguments: Proof.allCases)
    func verified(proof: Proof) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let eve = try await server.user("eve")
            _ = try await ada.client.send("PUT", "/v1/users/preferences", text: Self.everything)
            let before = try await privacy(ada.client)
            #expect(try await ada.client.send("POST", "/v1/users/\(eve.id)/block").status == 204)
            try await relate(ada, bob, "friends", askedBy: ada, server)
            let owner = try await takeOver(by: proof, bench)
            #expect(try await privacy(owner) == before)
            let blocks: Page<BlockedUser> = try await owner.get("/v1/users/blocked").decoded()
            #expect(blocks.items.map(\.user.id) == [eve.id])
            let friends: Page<Friend> = try await owner.get("/v1/users/friends").decoded()
            #expect(friends.items.map(\.user.id) == [bob.id])
        }
    }
}
