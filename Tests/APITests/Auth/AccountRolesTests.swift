import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Roles given by operators")
struct AccountRolesTests {
    @Test("a change of the role ends the account's sessions, stands in its events and is told by mail")
    func change() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let roles = AccountRoles(pool: server.pool, now: { server.clock.now })
            #expect(try await roles.grant(.moderator, to: "Ada@Example.com") == .user)
            try await server.revoked.load()
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(ada.tokens.accessToken) }
            let renewal = RefreshRequest(refreshToken: ada.tokens.refreshToken)
            #expect(try await server.client.post("/v1/auth/refresh", renewal).code == "invalidRefreshToken")
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(kinds.contains("roleChanged"))
            #expect(try await server.subjects(to: "ada@example.com").contains("Your role was changed"))
            let holders = try await roles.holders()
            #expect(holders.map(\.username) == ["ada"])
            #expect(holders.map(\.role) == [.moderator])
            #expect(holders.map(\.hasSecondFactor) == [false])
            #expect(try await roles.grant(.user, to: "ada@example.com") == .moderator)
            #expect(try await roles.holders().isEmpty)
        }
    }

    @Test("an unknown address gets none, and neither does one that is not verified")
    func refusals() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada", isVerified: false)
            let roles = AccountRoles(pool: server.pool)
            await #expect(throws: AccountRoles.Fault.unknownAccount) {
                try await roles.grant(.admin, to: "nobody@example.com")
            }
            await #expect(throws: AccountRoles.Fault.unverifiedAddress) {
                try await roles.grant(.admin, to: "ada@example.com")
            }
        }
    }
}
