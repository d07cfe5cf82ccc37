import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Expiry")
struct ExpiryTests {
    @Test("ended sessions and old tokens, links and keys are removed, living ones stay")
    func removal() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            _ = try await server.user("bob", isVerified: false)
            try await server.runJobs()
            _ = try await ada.client.send("POST", "/v1/auth/logout")
            try await server.pool.execute(
                """
                insert into idempotency_keys (user_id, route, key, request_hash, created_at)
                values (\(ada.id), 'POST /v1/things', 'k', \([UInt8](repeating: 1, count: 32)), \(server.clock.now))
                """)
            server.clock.advance(by: .seconds(32 * 24 * 3600))
            try await server.pool.execute("update sessions set expires_at = \(server.clock.now)")
            let now: @Sendable () -> Timestamp = { server.clock.now }
            let sessions = Sessions(
                pool: server.pool, revoked: server.revoked, accessLifetime: .seconds(900),
                refreshLifetime: .seconds(3600), longest: .seconds(7200), now: now)
            let links = MailLinks(pool: server.pool, publicURL: "", now: now)
            #expect(try await sessions.removeEnded() == 1)
            #expect(try await sessions.removeOldTokens() == 1)
            #expect(try await links.removeExpired() == 2)
            #expect(try await IdempotencyKeys(pool: server.pool, now: now).removeExpired() == 1)
            #expect(try await server.pool.query("select count(*) from sessions", as: Int.self) == [1])
        }
    }
}
