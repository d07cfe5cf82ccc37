import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Idempotency keys")
struct IdempotencyKeyTests {
    private func create(_ user: TestUser, _ key: String, count: Int = 1) async throws -> RESTAnswer {
        try await user.client.send(
            "POST", "/v1/probe/things", text: #"{"count": \#(count)}"#, headers: [("Idempotency-Key", key)])
    }

    @Test("the same key and body give the first answer again for 24 hours")
    func replay() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let first = try await create(ada, "k1")
            let second = try await create(ada, "k1")
            #expect(first.status == 201)
            #expect(second.status == 201)
            #expect(first.text == second.text)
            #expect(second[header: "idempotency-replayed"] == "true")
            #expect(try await create(ada, "k2").text != first.text)
            server.clock.advance(by: .seconds(24 * 3600 + 1))
            try await server.pool.execute("update sessions set expires_at = expires_at + interval '3 days'")
            let renewed: Tokens = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken)
            ).decoded()
            let later = TestUser(
                account: ada.account, tokens: renewed,
                client: RESTClient(port: server.port, token: renewed.accessToken))
            #expect(try await create(later, "k1").text != first.text)
        }
    }

    @Test("another body under a key is refused, another user's key is another key")
    func reuse() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            let first = try await create(ada, "k1")
            let other = try await create(ada, "k1", count: 2)
            #expect(other.status == 422)
            #expect(other.code == "idempotencyKeyReused")
            #expect(try await create(bob, "k1").text != first.text)
        }
    }

    @Test("a refused request leaves its key free")
    func refusedFirst() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            #expect(try await create(ada, "k1", count: 99).status == 422)
            #expect(try await create(ada, "k1").status == 201)
            #expect(try await create(ada, String(repeating: "k", count: 201)).status == 400)
        }
    }

    @Test("while the first runs a repeat is a conflict, and an abandoned one gives its key free")
    func running() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let first = try await create(ada, "k1")
            try await server.pool.execute("update idempotency_keys set status = null, body = null")
            let busy = try await create(ada, "k1")
            #expect(busy.status == 409)
            #expect(busy[header: "retry-after"] == "1")
            server.clock.advance(by: .seconds(121))
            #expect(try await create(ada, "k1").text != first.text)
        }
    }
}
