import Protocol
import Store
import TestKit
import Testing

@testable import API

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

    @Test("while the first runs a repeat is a conflict, also with another body; then it is answered the same")
    func running() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let keys = IdempotencyKeys(pool: server.pool, now: { server.clock.now })
            func claim(_ hash: UInt8) -> IdempotencyKeys.Claim {
                IdempotencyKeys.Claim(userId: ada.id, route: "POST /v1/x", key: "k1", requestHash: [hash])
            }
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let (released, release) = AsyncStream.makeStream(of: Void.self)
            let first = Task {
                try await keys.run(claim(1), receivedAt: server.clock.now) { _ in
                    begin.yield()
                    for await _ in released { break }
                    return RenderedAnswer(Problem(.notFound))
                }
            }
            for await _ in begun { break }
            let never: @Sendable (CallSeed) async throws -> RenderedAnswer = { _ in
                Issue.record("the request ran twice")
                throw Problem(.internalError)
            }
            for (hash, code) in [(UInt8(1), ProblemCode.idempotencyKeyInUse), (2, .idempotencyKeyReused)] {
                let problem = await #expect(throws: Problem.self) {
                    _ = try await keys.run(claim(hash), receivedAt: server.clock.now, never)
                }
                #expect(problem?.code == code.rawValue)
            }
            release.yield()
            let answer = try await first.value
            let again = try await keys.run(claim(1), receivedAt: server.clock.now, never)
            #expect(again.body == answer.body)
        }
    }

    @Test("a request that ended with its process, or without a word to Postgres, gives its key free at once")
    func abandoned() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let first = try await create(ada, "k1")
            try await server.pool.execute("update idempotency_keys set status = null, body = null")
            let second = try await create(ada, "k1")
            #expect(second.status == 201 && second.text != first.text)
        }
    }

    @Test("a user's oldest answers go when the later ones hold more than the bound")
    func bytes() async throws {
        try await Probe.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            for (user, key) in [(ada, "old"), (bob, "old"), (ada, "new")] { _ = try await create(user, key) }
            try await server.pool.execute(
                """
                update idempotency_keys set body = convert_to(repeat('x', \(IdempotencyKeys.mostBytes / 2 + 1)::integer), 'UTF8'),
                    created_at = created_at - case key when 'old' then interval '1 hour' else interval '1 minute' end
                """)
            try await IdempotencyKeys(pool: server.pool, now: { server.clock.now }).trim(ada.id)
            let kept = try await server.pool.query(
                "select key from idempotency_keys where user_id = \(ada.id) order by created_at", as: String.self)
            #expect(kept == ["new"])
            let others: SQL = "select count(*) from idempotency_keys where user_id = \(bob.id)"
            #expect(try await server.pool.query(others, as: Int.self) == [1])
        }
    }

    @Test("a user's oldest answers go when there are more than the bound, however small they are")
    func count() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            _ = try await create(ada, "old")
            try await server.pool.execute("update idempotency_keys set created_at = created_at - interval '1 hour'")
            _ = try await create(ada, "new")
            try await server.pool.execute(
                """
                insert into idempotency_keys (user_id, route, key, request_hash, created_at, status, body)
                select user_id, route, 'k' || n, request_hash, created_at - interval '1 minute', status, body
                from idempotency_keys, generate_series(1, \(IdempotencyKeys.mostKeys - 1)::integer) n where key = 'new'
                """)
            try await IdempotencyKeys(pool: server.pool, now: { server.clock.now }).trim(ada.id)
            let kept = try await server.pool.query(
                "select count(*), count(*) filter (where key in ('old', 'new')) from idempotency_keys",
                as: (Int, Int).self)
            #expect(kept.first?.0 == IdempotencyKeys.mostKeys && kept.first?.1 == 1)
        }
    }
}
