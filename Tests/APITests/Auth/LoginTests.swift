import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Login")
struct LoginTests {
    @Test("email address and username both sign in, in any case", arguments: ["ada", "ADA", "Ada@Example.com"])
    func signIn(login: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: login, password: RESTServer.password))
            #expect(answer.status == 200)
            let signedIn: SignedIn = try answer.decoded()
            #expect(signedIn.user.id == ada.id)
            #expect(signedIn.user.isVerified)
        }
    }

    @Test("an unknown user and a wrong password get the same answer")
    func wrong() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            let wrong = try await server.client.post("/v1/auth/login", LoginRequest(login: "ada", password: "wrong"))
            let unknown = try await server.client.post("/v1/auth/login", LoginRequest(login: "bob", password: "wrong"))
            #expect(wrong.status == 401)
            #expect(unknown.status == 401)
            #expect(wrong.code == "invalidCredentials")
            let shown = try [wrong.problem, unknown.problem].map { [$0.title, $0.detail, $0.code] }
            #expect(shown[0] == shown[1])
        }
    }

    @Test(
        "an unknown user, one without a password and a wrong password each cost one verification of today's hashes",
        arguments: ["ada", "bob", "nobody"])
    func sameCost(login: String) async throws {
        // Far more than anything else here needs: a verification shows in the process's peak.
        let cost = PasswordCost(memoryKiB: 96 * 1024, passes: 1)
        try await RESTServer.run(adjust: { $0.passwordCost = cost }) { server in
            for name in ["ada", "bob"] { _ = try await server.user(name) }
            try await server.pool.execute("update users set password_hash = null where username = 'bob'")
            let growth = try await ProcessMemory.growthKiB {
                let body = LoginRequest(login: login, password: "wrong")
                let answer = try await server.client.post("/v1/auth/login", body)
                #expect(answer.code == "invalidCredentials")
            }
            #expect(growth > 80 * 1024 && growth < 160 * 1024, "\(growth) KiB")
        }
    }

    @Test("after repeated failures the account waits, longer each time, and success clears the count")
    func growingDelay() async throws {
        try await RESTServer.run(adjust: { $0.loginDelays.freeForAccount = 2 }) { server in
            _ = try await server.user("ada")
            func attempt(_ password: String) async throws -> RESTAnswer {
                try await server.client.post("/v1/auth/login", LoginRequest(login: "ada", password: password))
            }
            #expect(try await attempt("wrong").status == 401)
            #expect(try await attempt("wrong").status == 401)
            let paused = try await attempt(RESTServer.password)
            #expect(paused.status == 429)
            #expect(paused[header: "retry-after"] == "1")
            server.clock.advance(by: .seconds(1))
            #expect(try await attempt("wrong").status == 401)
            #expect(try await attempt("wrong")[header: "retry-after"] == "2")
            server.clock.advance(by: .seconds(2))
            #expect(try await attempt(RESTServer.password).status == 200)
            #expect(try await attempt("wrong").status == 401)
            #expect(try await attempt(RESTServer.password).status == 200)
        }
    }

    @Test("a suspended account may not sign in")
    func suspended() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await server.pool.execute("update users set status = 'suspended' where id = \(ada.id)")
            let answer = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password))
            #expect(answer.status == 403)
            #expect(answer.code == "accountSuspended")
        }
    }

    @Test("logging out ends this session at once and no other")
    func logout() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let second: SignedIn = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password)
            ).decoded()
            let (ended, tell) = AsyncStream.makeStream(of: SessionID.self, bufferingPolicy: .bufferingNewest(8))
            server.revoked.observe { sids in for sid in sids { tell.yield(sid) } }
            let out = try await ada.client.send("POST", "/v1/auth/logout")
            #expect(out.status == 204)
            var sids = ended.makeAsyncIterator()
            let sid = try unverified(ada.tokens.accessToken)
            #expect(await sids.next() == sid)
            let again = try await ada.client.send("POST", "/v1/auth/logout")
            #expect(again.status == 401)
            #expect(again.code == "sessionEnded")
            let renewal = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken))
            #expect(renewal.code == "invalidRefreshToken")
            #expect(throws: Never.self) { try server.tokens.verify(second.tokens.accessToken) }
        }
    }

    @Test("logging out everywhere ends all sessions")
    func logoutEverywhere() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let second: SignedIn = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password)
            ).decoded()
            #expect(try await ada.client.post("/v1/auth/logout", LogoutRequest(everywhere: true)).status == 204)
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(second.tokens.accessToken) }
        }
    }

    @Test("a session ended on another node is known after the next reading")
    func endedElsewhere() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let time = server.clock.now
            try await server.pool.execute("update sessions set revoked_at = \(time) where user_id = \(ada.id)")
            #expect(throws: Never.self) { try server.tokens.verify(ada.tokens.accessToken) }
            try await server.revoked.load()
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(ada.tokens.accessToken) }
        }
    }

    private func unverified(_ token: String) throws -> SessionID? {
        let claims = Data(base64URL: token.split(separator: ".")[1])
        return try JSONReader.parse(Array(claims ?? Data()))["sid"]?.id
    }
}
