import Foundation
import Protocol
import TestKit
import Testing

@testable import API

/// Somebody with an authenticator app.
struct SecondFactorBench: Sendable {
    let server: RESTServer
    let user: TestUser
    let secret: Data
    let recoveryCodes: [String]

    /// Registers a user and turns the second factor on.
    static func on(_ name: String, _ server: RESTServer) async throws -> SecondFactorBench {
        try await on(try await server.user(name), server)
    }

    static func on(_ user: TestUser, _ server: RESTServer) async throws -> SecondFactorBench {
        let (secret, answer) = try await turnOn(user.client, server)
        let codes: RecoveryCodes = try answer.decoded()
        // The next code is another one.
        server.clock.advance(by: .seconds(60))
        return SecondFactorBench(server: server, user: user, secret: secret, recoveryCodes: codes.recoveryCodes)
    }

    /// Asks for a secret and confirms it by its first code.
    static func turnOn(_ client: RESTClient, _ server: RESTServer) async throws -> (secret: Data, RESTAnswer) {
        let setup: SecondFactorSetup = try await client.post(
            "/v1/users/second-factor", ["password": RESTServer.password]
        ).decoded()
        let secret = try #require(Base32.bytes(setup.secret))
        let code = TOTP.code(secret, step: TOTP.step(at: server.clock.now))
        let answer = try await client.post(
            "/v1/users/second-factor/confirm", SecondFactorConfirmation(code: code))
        return (secret, answer)
    }

    func turnOff() async throws {
        let body = SecondFactorProof(password: RESTServer.password, code: code())
        let answer = try await user.client.send("DELETE", "/v1/users/second-factor", json: JSONEncoder().encode(body))
        #expect(answer.status == 204)
        server.clock.advance(by: .seconds(60))
    }

    /// What the app shows now, or so many steps later.
    func code(_ steps: Int64 = 0) -> String { TOTP.code(secret, step: TOTP.step(at: server.clock.now) + steps) }

    func login(_ password: String = RESTServer.password) async throws -> RESTAnswer {
        try await server.client.post(
            "/v1/auth/login", LoginRequest(login: user.account.username, password: password))
    }

    func challenge() async throws -> String {
        let answer = try await login()
        #expect(answer.status == 401)
        #expect(answer.code == "secondFactorRequired")
        return try #require(try answer.problem.challenge)
    }

    func send(_ code: String, _ challenge: String?) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/second-factor", SecondFactorLogin(challenge: challenge, code: code))
    }
}

extension Base32 {
    /// The bytes of a text, read the other way round.
    static func bytes(_ text: String) -> Data? {
        var (bytes, buffer, bits) = (Data(), UInt32(0), 0)
        for letter in text {
            guard let place = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".firstIndex(of: letter) else { return nil }
            let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".distance(
                from: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".startIndex, to: place)
            buffer = buffer << 5 & 0xFFFF | UInt32(value)
            bits += 5
            if bits >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: buffer >> (bits - 8)))
                bits -= 8
            }
        }
        return bytes
    }
}
