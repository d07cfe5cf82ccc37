import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Refresh")
struct RefreshTests {
    private func renew(_ token: String?, on server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/refresh", RefreshRequest(refreshToken: token))
    }

    /// Longer than a used token works again whatever became of its successor.
    private static let grace = Duration.seconds(30)

    private func isEnded(_ user: TestUser, _ server: RESTServer) async throws -> Bool {
        let open = try await server.pool.query(
            "select count(*) from sessions where user_id = \(user.id) and revoked_at is null", as: Int.self)
        return open == [0]
    }

    private func successor(of token: String?, on server: RESTServer) async throws -> String? {
        try await renew(token, on: server).decoded(as: Tokens.self).refreshToken
    }

    @Test("a refresh token gives a new pair for the same session")
    func rotation() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await renew(ada.tokens.refreshToken, on: server)
            #expect(answer.status == 200)
            let tokens: Tokens = try answer.decoded()
            #expect(tokens.refreshToken != ada.tokens.refreshToken)
            let before = try server.tokens.verify(ada.tokens.accessToken)
            let after = try server.tokens.verify(tokens.accessToken)
            #expect(before.sid == after.sid)
            #expect(after.isVerified)
        }
    }

    @Test("a used token works again while its successor is unused, and that successor dies")
    func lostAnswer() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let first = ada.tokens.refreshToken
            let lost = try await successor(of: first, on: server)
            server.clock.advance(by: Self.grace)
            let second = try await successor(of: first, on: server)
            #expect(second != nil)
            #expect(second != lost)
            #expect(try await successor(of: second, on: server) != nil)
            #expect(try await renew(lost, on: server).status == 401)
            #expect(try await isEnded(ada, server))
        }
    }

    @Test("for thirty seconds a used token works again although its successor was used, and nobody is logged out")
    func twoTabs() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let first = try await successor(of: ada.tokens.refreshToken, on: server)
            let next = try await successor(of: first, on: server)
            server.clock.advance(by: Self.grace - .milliseconds(1))
            let second = try await successor(of: ada.tokens.refreshToken, on: server)
            #expect(second != nil && second != first)
            // Whichever of them the browser has kept goes on.
            server.clock.advance(by: .seconds(900))
            let kept = try await successor(of: second, on: server)
            #expect(kept != nil && next != nil)
            server.clock.advance(by: .seconds(900))
            #expect(try await renew(kept, on: server).status == 200)
            #expect(try await !isEnded(ada, server))
        }
    }

    @Test(
        "a thief who is quick gets a token, and the session ends as soon as both have gone on",
        arguments: [true, false], [true, false])
    func quickThief(thiefFirst: Bool, isBusy: Bool) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            var owner = try await successor(of: ada.tokens.refreshToken, on: server)
            var thief = try await successor(of: ada.tokens.refreshToken, on: server)
            #expect(owner != nil && thief != nil)
            if isBusy {
                // Both go on within the thirty seconds.
                server.clock.advance(by: .seconds(10))
                owner = try await successor(of: owner, on: server)
                thief = try await successor(of: thief, on: server)
            }
            server.clock.advance(by: .seconds(900))
            let (quick, slow) = thiefFirst ? (thief, owner) : (owner, thief)
            let quicks = try await successor(of: quick, on: server)
            #expect(quicks != nil)
            server.clock.advance(by: .seconds(5))
            #expect(try await renew(slow, on: server).code == "invalidRefreshToken")
            #expect(try await isEnded(ada, server))
            #expect(try await renew(quicks, on: server).code == "invalidRefreshToken")
            let events = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(events.contains("refreshTokenReused"))
        }
    }

    @Test("the thirty seconds begin with the first use, and no repeat prolongs them")
    func noProlonging() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let token = ada.tokens.refreshToken
            let first = try await successor(of: token, on: server)
            #expect(try await renew(first, on: server).status == 200)
            server.clock.advance(by: .seconds(20))
            #expect(try await renew(token, on: server).status == 200)
            server.clock.advance(by: .seconds(10))
            #expect(try await renew(token, on: server).status == 401)
            #expect(try await isEnded(ada, server))
        }
    }

    @Test("a used token whose successor was used ends the whole session and is recorded")
    func reuse() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let second = try await successor(of: ada.tokens.refreshToken, on: server)
            let third = try await successor(of: second, on: server)
            server.clock.advance(by: Self.grace)
            #expect(try await renew(ada.tokens.refreshToken, on: server).status == 401)
            #expect(try await renew(third, on: server).code == "invalidRefreshToken")
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(ada.tokens.accessToken) }
            let events = try await server.pool.query(
                "select kind from security_events where user_id = \(ada.id)", as: String.self)
            #expect(events.contains("refreshTokenReused"))
        }
    }

    @Test("a successor that died is as suspicious as a reuse")
    func deadSuccessor() async throws {
        try await RESTServer.run { server in
            let first = try await server.user("ada").tokens.refreshToken
            let dead = try await successor(of: first, on: server)
            server.clock.advance(by: Self.grace)
            let living = try await successor(of: first, on: server)
            #expect(try await renew(dead, on: server).status == 401)
            #expect(try await renew(living, on: server).status == 401)
        }
    }

    @Test("twenty simultaneous renewals of one token all succeed, and the first that goes on later is the only one")
    func simultaneous() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let token = ada.tokens.refreshToken
            let successors = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await successor(of: token, on: server) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(successors.compactMap(\.self)).count == 20)
            server.clock.advance(by: Self.grace)
            #expect(try await renew(successors[7], on: server).status == 200)
            let living = try await server.pool.query(
                "select count(*) from refresh_tokens where used_at is null and superseded_at is null", as: Int.self)
            #expect(living == [1])
        }
    }

    @Test("expired, unknown and malformed tokens are refused", arguments: ["", "x", String(repeating: "A", count: 43)])
    func refused(token: String) async throws {
        try await RESTServer.run { server in
            let answer = try await renew(token, on: server)
            #expect(answer.status == (token.isEmpty ? 422 : 401))
            let ada = try await server.user("ada")
            server.clock.advance(by: .seconds(31 * 24 * 3600))
            #expect(try await renew(ada.tokens.refreshToken, on: server).status == 401)
        }
    }

    @Test("pages get the refresh token in a cookie, which works only from our origin")
    func cookie() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            let login = LoginRequest(login: "ada", password: RESTServer.password, cookie: true)
            let ours = [("Origin", "http://127.0.0.1")]
            #expect(try await server.client.post("/v1/auth/login", login).code == "originRefused")
            let answer = try await server.client.post("/v1/auth/login", login, headers: ours)
            #expect(try answer.decoded(as: SignedIn.self).tokens.refreshToken == nil)
            let cookie = try #require(answer[header: "set-cookie"])
            #expect(cookie.contains("; Path=/v1/auth; "))
            #expect(cookie.contains("; HttpOnly; SameSite=Strict"))
            let pair = String(cookie.prefix { $0 != ";" })
            let foreign = [("Origin", "http://evil.example"), ("Cookie", pair)]
            #expect(try await server.client.send("POST", "/v1/auth/refresh", headers: foreign).status == 403)
            #expect(try await server.client.send("POST", "/v1/auth/refresh", headers: [("Cookie", pair)]).status == 403)
            let renewed = try await server.client.send("POST", "/v1/auth/refresh", headers: ours + [("Cookie", pair)])
            #expect(renewed.status == 200)
            #expect(renewed[header: "set-cookie"]?.hasPrefix("fitai_refresh=") == true)
            #expect(try await server.client.send("POST", "/v1/auth/refresh", headers: ours).status == 401)
        }
    }
}
