import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

/// An account elsewhere that would join an account with a second factor.
@Suite("Accounts elsewhere that wait for the second factor")
struct JoiningTests {
    private let ours = ("Origin", "http://127.0.0.1")

    private func owners(_ server: RESTServer) async throws -> [UserID] {
        try await server.pool.query("select user_id from sign_in_identities", as: UserID.self)
    }

    private func send(_ code: String, _ challenge: (String, String), _ server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post(
            "/v1/auth/second-factor", SecondFactorLogin(challenge: nil, code: code), headers: [challenge, ours])
    }

    @Test("an account elsewhere joins only with the code, and is told of only then", arguments: ["google", "github"])
    func onlyWithTheCode(provider: String) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let ada = try await SecondFactorBench.on("ada", server)
            let challenge = try server.cookie("fitai_challenge", of: try await bench.browser(provider).signIn())
            #expect(try await owners(server) == [])
            #expect(try await send("000000", challenge, server).code == "codeWrong")
            #expect(try await owners(server) == [])
            #expect(try await !server.subjects(to: "ada@example.com").contains("A new way to sign in"))
            let opened = try await send(ada.code(), challenge, server)
            #expect(try opened.decoded(as: SignedIn.self).user.id == ada.user.id)
            #expect(try await owners(server) == [ada.user.id])
            #expect(try await server.subjects(to: "ada@example.com").contains("A new way to sign in"))
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(kinds.filter { $0 == "identityJoined" }.count == 1)
            // From now on it is known, and the code is asked for as before.
            let next = try server.cookie("fitai_challenge", of: try await bench.browser(provider).signIn())
            #expect(try await send(ada.code(1), next, server).status == 200)
            #expect(try await owners(server) == [ada.user.id])
        }
    }

    @Test("nothing joins once the account has another address, or the identity another account")
    func overtaken() async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let ada = try await SecondFactorBench.on("ada", server)
            let first = try server.cookie("fitai_challenge", of: try await bench.browser("google").signIn())
            try await server.pool.execute("update users set email = 'moved@example.com'")
            #expect(try await send(ada.code(), first, server).code == "challengeInvalid")
            #expect(try await owners(server) == [])
            try await server.pool.execute("update users set email = 'ada@example.com'")
            let bob = try await server.user("bob")
            try await server.pool.execute(
                """
                insert into sign_in_identities (id, provider, subject, user_id, created_at)
                values (\(UUIDv7.make()), 'google', '1234567', \(bob.id), now())
                """)
            #expect(try await send(ada.code(), first, server).code == "challengeInvalid")
            #expect(try await owners(server) == [bob.id])
        }
    }
}
