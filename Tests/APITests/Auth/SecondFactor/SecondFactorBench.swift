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
        let user = try await server.user(name)
        let setup: SecondFactorSetup = try await user.client.post(
            "/v1/users/second-factor", ["password": RESTServer.password]
        ).decoded()
        let secret = try #require(Base32.bytes(setup.secret))
        let code = TOTP.code(secret, step: TOTP.step(at: server.clock.now))
        let codes: RecoveryCodes = try await user.client.post(
            "/v1/users/second-factor/confirm", SecondFactorConfirmation(code: code)
        ).decoded()
        // The next code is another one.
        server.clock.advance(by: .seconds(60))
        return SecondFactorBench(server: server, user: user, secret: secret, recoveryCodes: codes.recoveryCodes)
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
