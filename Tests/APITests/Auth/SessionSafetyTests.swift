import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Sessions and what is kept of refusals")
struct SessionSafetyTests {
    @Test("a session ends after 90 days, however often it was renewed")
    func longest() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let opened = server.clock.now
            var token = ada.tokens.refreshToken
            for _ in 0..<4 {
                server.clock.advance(by: .seconds(20 * 24 * 3600))
                let tokens: Tokens = try await server.client.post(
                    "/v1/auth/refresh", RefreshRequest(refreshToken: token)
                ).decoded()
                token = tokens.refreshToken
                #expect(tokens.refreshExpiresAt <= opened + .seconds(90 * 24 * 3600))
            }
            server.clock.advance(by: .seconds(10 * 24 * 3600 + 1))
            let late = try await server.client.post("/v1/auth/refresh", RefreshRequest(refreshToken: token))
            #expect(late.code == "invalidRefreshToken")
        }
    }

    @Test("an access token lives as long as configured, beyond its refresh token too, but no longer than its session")
    func accessLifetime() async throws {
        try await RESTServer.run(adjust: {
            $0.accessTokenLifetime = .seconds(7200)
            $0.refreshTokenLifetime = .seconds(3600)
            $0.longestSession = .seconds(3 * 3600)
        }) { server in
            let opened = server.clock.now
            let ada = try await server.user("ada")
            #expect(ada.tokens.expiresAt == opened + .seconds(7200))
            #expect(ada.tokens.refreshExpiresAt == opened + .seconds(3600))
            var tokens = ada.tokens
            for _ in 0..<3 {
                server.clock.advance(by: .seconds(3000))
                tokens = try await server.client.post(
                    "/v1/auth/refresh", RefreshRequest(refreshToken: tokens.refreshToken)
                ).decoded()
                #expect(tokens.expiresAt == min(server.clock.now + .seconds(7200), opened + .seconds(3 * 3600)))
            }
        }
    }

    @Test("who can renew no more but still has an access token signs out all the same")
    func signOutLate() async throws {
        try await RESTServer.run(adjust: {
            $0.accessTokenLifetime = .seconds(7200)
            $0.refreshTokenLifetime = .seconds(3600)
        }) { server in
            let ada = try await server.user("ada")
            server.clock.advance(by: .seconds(3601))
            #expect(try await ada.client.send("POST", "/v1/auth/logout").status == 204)
            #expect(try await ada.client.get("/v1/users/profile").code == "sessionEnded")
        }
    }

    @Test("over https cookies bear __Host- and its attributes, and one without the prefix counts for nothing")
    func hostCookies() async throws {
        try await RESTServer.run(adjust: {
            $0.publicURL = "https://fitai.example"
            $0.allowedOrigins = ["https://fitai.example"]
        }) { server in
            _ = try await server.user("ada")
            let ours = [("Origin", "https://fitai.example")]
            let answer = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password, cookie: true),
                headers: ours)
            let cookies = answer.headers.filter { $0.0.lowercased() == "set-cookie" }.map(\.1)
            #expect(cookies.count == 2)
            for cookie in cookies {
                #expect(cookie.hasPrefix("__Host-fitai_"))
                #expect(cookie.contains("; Path=/; HttpOnly; SameSite=Strict; Secure"))
                #expect(!cookie.contains("Domain"))
            }
            let pair = try server.cookie("__Host-fitai_refresh", of: answer)
            let planted = ("Cookie", pair.1.replacing("__Host-", with: ""))
            #expect(try await server.client.send("POST", "/v1/auth/refresh", headers: ours + [planted]).status == 401)
            let renewed = try await server.client.send("POST", "/v1/auth/refresh", headers: ours + [pair])
            #expect(renewed.status == 200)
        }
    }

    @Test("failed sign-ins stand in the account's events, at most twenty a day, and unknown names only in the log")
    func failures() async throws {
        let log = LogRecorder()
        try await RESTServer.run(
            adjust: {
                $0.loginDelays.freeForAccount = 1000
                $0.loginDelays.freeForAddress = 1000
                $0.loginDelays.ceiling = 1000
            }, logger: log.logger
        ) { server in
            let ada = try await server.user("ada")
            func fail(_ count: Int) async throws {
                for _ in 0..<count {
                    for login in ["ada", "nobody"] {
                        _ = try await server.client.post(
                            "/v1/auth/login", LoginRequest(login: login, password: "wrong"))
                    }
                }
            }
            func kinds() async throws -> [String] {
                let page: Page<SecurityEvent> = try await ada.client.get("/v1/auth/events?limit=100").decoded()
                return page.items.map(\.kind)
            }
            server.clock.advance(by: .seconds(1))
            try await fail(1)
            #expect(try await kinds().first == "signInFailed")
            let logged = log.metadata(of: "notice an attempt was refused")
            #expect(logged.map { $0["user.id"] } == ["\(ada.id)", "unknown"])
            for _ in 0..<5 {
                try await fail(6)
                #expect(try await kinds().filter { $0 == "signInFailed" }.count <= 20)
            }
            #expect(try await kinds().filter { $0 == "signInFailed" }.count == 20)
            server.clock.advance(by: .seconds(24 * 3600 + 1))
            let renewed: Tokens = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken)
            ).decoded()
            try await fail(1)
            let page: Page<SecurityEvent> = try await server.client(token: renewed.accessToken)
                .get("/v1/auth/events?limit=100").decoded()
            #expect(page.items.filter { $0.kind == "signInFailed" }.count == 21)
            #expect(try await server.pool.query("select count(*) from users", as: Int.self) == [1])
        }
    }

    @Test("a wrong password at one's own account and refused access stand in its events")
    func refusals() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.get("/v1/probe/admin").code == "forbidden")
            let change = PasswordChangeRequest(currentPassword: "wrong", newPassword: "an-entirely-new-9-secret")
            #expect(try await ada.client.put("/v1/auth/password", change).code == "passwordWrong")
            let page: Page<SecurityEvent> = try await ada.client.get("/v1/auth/events").decoded()
            let sid = try server.tokens.verify(ada.tokens.accessToken).sid
            for kind in ["accessRefused", "passwordWrong"] {
                let event = try #require(page.items.first { $0.kind == kind })
                #expect(event.sessionId == sid)
                #expect(event.address == "127.0.0.1")
            }
        }
    }
}
