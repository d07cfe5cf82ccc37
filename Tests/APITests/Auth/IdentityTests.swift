import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Sign-ins elsewhere")
struct IdentityTests {
    private static let path = "/v1/auth/identities"

    /// As the owner sees them.
    private struct Item: Codable, Sendable {
        let id: UUIDv7
        let provider: String
        let createdAt: Timestamp
    }

    private func items(_ client: RESTClient) async throws -> [Item] {
        try await client.get(Self.path).decoded(as: Page<Item>.self).items
    }

    private func unlink(_ id: UUIDv7, _ client: RESTClient, password: String? = nil) async throws -> RESTAnswer {
        let body = password.map { ["password": $0] } ?? [:]
        return try await client.send("DELETE", "\(Self.path)/\(id)", json: JSONEncoder().encode(body))
    }

    private func signIn(_ provider: String, _ bench: ProviderBench) async throws -> RESTClient {
        let tokens = try await bench.tokens(from: try await bench.browser(provider).signIn())
        return bench.server.client(token: tokens.accessToken)
    }

    @Test("they are listed to their owner, the latest first, and to nobody else")
    func list() async throws {
        try await ProviderBench.run { bench in
            let (ada, bob) = (try await bench.server.user("ada"), try await bench.server.user("bob"))
            #expect(try await items(ada.client).isEmpty)
            _ = try await bench.browser("google").signIn()
            bench.server.clock.advance(by: .milliseconds(5))
            _ = try await bench.browser("github").signIn()
            let mine = try await items(ada.client)
            #expect(mine.map(\.provider) == ["github", "google"])
            #expect(mine[0].createdAt == bench.server.clock.now)
            #expect(try await items(bob.client).isEmpty)
            #expect(try await unlink(mine[0].id, bob.client, password: RESTServer.password).status == 404)
            #expect(try await items(ada.client).count == 2)
            #expect(try await bench.server.client.get(Self.path).status == 401)
        }
    }

    @Test("unlinking takes the password, ends all other sessions, and is told by mail and among the events")
    func unlinking() async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let ada = try await server.user("ada")
            let elsewhere = try await signIn("google", bench)
            let id = try #require(try await items(ada.client).first?.id)
            #expect(try await unlink(id, ada.client, password: "wrong").code == "passwordWrong")
            #expect(try await unlink(id, ada.client).status == 422)
            #expect(try await items(ada.client).count == 1)
            #expect(try await unlink(id, ada.client, password: RESTServer.password).status == 204)
            #expect(try await items(ada.client).isEmpty)
            #expect(try await elsewhere.get("/v1/users/profile").code == "sessionEnded")
            #expect(try await unlink(id, ada.client, password: RESTServer.password).status == 404)
            #expect(try await server.subjects(to: "ada@example.com").contains("A way to sign in was removed"))
            let events: Page<SecurityEvent> = try await ada.client.get("/v1/auth/events").decoded()
            #expect(events.items.contains { $0.kind == "identityRemoved" && $0.sessionId != nil })
        }
    }

    @Test("of an account without a password it takes a fresh sign-in, and the last one stays")
    func lastWayIn() async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            _ = try await signIn("google", bench)
            server.clock.advance(by: .milliseconds(5))
            let client = try await signIn("github", bench)
            let mine = try await items(client)
            #expect(try await unlink(mine[1].id, client).status == 204)
            let refused = try await unlink(mine[0].id, client)
            #expect(refused.status == 409)
            #expect(refused.code == "passwordMissing")
            #expect(try refused.problem.detail?.contains("only way") == true)
            #expect(try await items(client).map(\.provider) == ["github"])
            server.clock.advance(by: .seconds(601))
            #expect(try await unlink(mine[0].id, client).code == "signInTooOld")
        }
    }

    @Test("two that are unlinked at the same moment are not both the last but one")
    func atOnce() async throws {
        try await ProviderBench.run { bench in
            _ = try await signIn("google", bench)
            let client = try await signIn("github", bench)
            let mine = try await items(client)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for item in mine { group.addTask { try await unlink(item.id, client).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [204, 409])
        }
    }
}
