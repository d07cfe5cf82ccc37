import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// Somebody who knows the password turns on a second factor, so that the owner is kept out.
@Suite("A second factor that the owner never wanted")
struct UnwantedFactorTests {
    private static let newPassword = "an-entirely-new-9-secret"
    private static let page = "/remove-second-factor/#"

    private func remove(_ token: String, _ server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/remove-second-factor", ["token": token])
    }

    private func reset(_ server: RESTServer) async throws {
        let body = ResetPasswordRequest(
            token: try await server.secret("/reset-password/#", to: "ada@example.com"), password: Self.newPassword)
        #expect(try await server.client.post("/v1/auth/reset-password", body).status == 204)
    }

    private func login(_ password: String, _ server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/login", LoginRequest(login: "ada", password: password))
    }

    private func isOn(_ server: RESTServer) async throws -> Bool {
        try await server.pool.query("select count(*) from second_factors", as: Int.self) == [1]
    }

    @Test("the mail about it removes it once, ends every session and the password, and brings the way to a new one")
    func link() async throws {
        try await RESTServer.run { server in
            let attacker = try await SecondFactorBench.on("ada", server)
            let token = try await server.secret(Self.page, to: "ada@example.com")
            server.clock.advance(by: .seconds(6 * 24 * 3600))
            #expect(try await remove(token, server).status == 204)
            #expect(try await !isOn(server))
            #expect(throws: (any Error).self) { try server.tokens.verify(attacker.user.tokens.accessToken) }
            let renewal = RefreshRequest(refreshToken: attacker.user.tokens.refreshToken)
            #expect(try await server.client.post("/v1/auth/refresh", renewal).code == "invalidRefreshToken")
            // Who knew the password is out for good.
            #expect(try await attacker.login().code == "invalidCredentials")
            #expect(try await remove(token, server).code == "linkInvalid")
            let subjects = try await server.subjects(to: "ada@example.com")
            #expect(subjects.contains("Your second factor is off"))
            try await reset(server)
            #expect(try await login(Self.newPassword, server).status == 200)
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(kinds.contains("secondFactorOff"))
        }
    }

    @Test("the link outlives a change of the password and a reset, which leave the factor on")
    func outlives() async throws {
        try await RESTServer.run { server in
            let attacker = try await SecondFactorBench.on("ada", server)
            let token = try await server.secret(Self.page)
            let change = PasswordChangeRequest(currentPassword: RESTServer.password, newPassword: "mine-now-7-secrets")
            #expect(try await attacker.user.client.put("/v1/auth/password", change).status == 204)
            server.clock.advance(by: .milliseconds(1))
            _ = try await server.client.post(
                "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
            try await reset(server)
            #expect(try await login(Self.newPassword, server).code == "secondFactorRequired")
            #expect(try await remove(token, server).status == 204)
            #expect(try await !isOn(server))
        }
    }

    @Test("an account that is to be erased as well comes back by the mails alone")
    func leaving() async throws {
        try await RESTServer.run { server in
            let attacker = try await SecondFactorBench.on("ada", server)
            let deletion = #"{"password": "\#(RESTServer.password)"}"#
            #expect(try await attacker.user.client.send("DELETE", "/v1/users/account", text: deletion).status == 202)
            server.clock.advance(by: .milliseconds(1))
            #expect(try await remove(try await server.secret(Self.page), server).status == 204)
            try await reset(server)
            #expect(try await server.pool.query("select status from users", as: String.self) == ["active"])
        }
    }

    @Test("a link removes the factor that it was sent for and no later one, for seven days, at the account's address")
    func bounds() async throws {
        try await RESTServer.run { server in
            let ada = try await SecondFactorBench.on("ada", server)
            let first = try await server.secret(Self.page)
            try await ada.turnOff()
            #expect(try await remove(first, server).code == "linkInvalid")
            _ = try await SecondFactorBench.on(ada.user, server)
            #expect(try await remove(first, server).code == "linkInvalid")
            let second = try await server.secret(Self.page)
            #expect(second != first)
            try await server.pool.execute("update users set email = 'moved@example.com'")
            #expect(try await remove(second, server).code == "linkInvalid")
            try await server.pool.execute("update users set email = 'ada@example.com'")
            server.clock.advance(by: .seconds(7 * 24 * 3600))
            for token in [second, "nonsense"] { #expect(try await remove(token, server).code == "linkInvalid") }
            #expect(try await isOn(server))
        }
    }

    @Test("it is not turned on so often that a mail about it would not be sent")
    func often() async throws {
        try await RESTServer.run(adjust: { $0.accessTokenLifetime = .seconds(2 * 3600) }) { server in
            var ada = try await SecondFactorBench.on("ada", server)
            for _ in 0..<4 {
                // The mail goes while it is on.
                try await server.runJobs()
                try await ada.turnOff()
                ada = try await SecondFactorBench.on(ada.user, server)
            }
            try await server.runJobs()
            try await ada.turnOff()
            #expect(try await SecondFactorBench.turnOn(ada.user.client, server).1.code == "tooManyRequests")
            #expect(try await server.mails.filter { $0.contains(Self.page) }.count == 5)
            server.clock.advance(by: .seconds(3600))
            #expect(try await SecondFactorBench.turnOn(ada.user.client, server).1.status == 200)
        }
    }

    @Test("what was begun is turned on within a quarter of an hour or not at all")
    func begunLongAgo() async throws {
        try await RESTServer.run(adjust: { $0.accessTokenLifetime = .seconds(3600) }) { server in
            let ada = try await server.user("ada")
            let setup: SecondFactorSetup = try await ada.client.post(
                "/v1/users/second-factor", ["password": RESTServer.password]
            ).decoded()
            server.clock.advance(by: .seconds(901))
            let secret = try #require(Base32.bytes(setup.secret))
            let code = TOTP.code(secret, step: TOTP.step(at: server.clock.now))
            let answer = try await ada.client.post(
                "/v1/users/second-factor/confirm", SecondFactorConfirmation(code: code))
            #expect(answer.code == "wrongState")
        }
    }
}
