import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Sessions")
struct SessionTests {
    private func login(_ server: RESTServer, device: String) async throws -> SignedIn {
        try await server.client.post(
            "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password),
            headers: [("User-Agent", device)]
        ).decoded()
    }

    @Test("one's open sessions are listed with device and address, the latest first, page by page")
    func list() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await server.user("bob")
            server.clock.advance(by: .seconds(1))
            _ = try await login(server, device: "watch")
            server.clock.advance(by: .seconds(1))
            _ = try await login(server, device: "phone")
            let first: Page<AccountSession> = try await ada.client.get("/v1/auth/sessions?limit=2").decoded()
            #expect(first.items.map(\.device) == ["phone", "watch"])
            #expect(first.items.allSatisfy { $0.address == "127.0.0.1" && !$0.isCurrent })
            let cursor = try #require(first.nextCursor)
            _ = try await login(server, device: "later")
            let rest: Page<AccountSession> = try await ada.client.get("/v1/auth/sessions?cursor=\(cursor)").decoded()
            #expect(rest.items.map(\.isCurrent) == [true])
            #expect(rest.nextCursor == nil)
            #expect(try await server.client.get("/v1/auth/sessions").status == 401)
            #expect(try await ada.client.get("/v1/auth/sessions?cursor=abc").status == 422)
        }
    }

    @Test("ending a session revokes its tokens at once and tells those who keep its sockets")
    func end() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let phone = try await login(server, device: "phone")
            let sid = try server.tokens.verify(phone.tokens.accessToken).sid
            let (ended, tell) = AsyncStream.makeStream(of: SessionID.self, bufferingPolicy: .bufferingNewest(8))
            server.revoked.observe { sids in for sid in sids { tell.yield(sid) } }
            #expect(try await ada.client.delete("/v1/auth/sessions/\(sid)").status == 204)
            var sids = ended.makeAsyncIterator()
            #expect(await sids.next() == sid)
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(phone.tokens.accessToken) }
            let renewal = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: phone.tokens.refreshToken))
            #expect(renewal.code == "invalidRefreshToken")
            let open: Page<AccountSession> = try await ada.client.get("/v1/auth/sessions").decoded()
            #expect(open.items.count == 1)
            #expect(try await ada.client.delete("/v1/auth/sessions/\(sid)").status == 404)
        }
    }

    @Test("someone else's session, an unknown one and none are not found")
    func foreign() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            let sid = try server.tokens.verify(bob.tokens.accessToken).sid
            #expect(try await ada.client.delete("/v1/auth/sessions/\(sid)").status == 404)
            #expect(throws: Never.self) { try server.tokens.verify(bob.tokens.accessToken) }
            #expect(try await ada.client.delete("/v1/auth/sessions/\(UUIDv7.make())").status == 404)
            #expect(try await ada.client.delete("/v1/auth/sessions/nonsense").status == 404)
            #expect(try await server.client.delete("/v1/auth/sessions/\(sid)").status == 401)
        }
    }

    @Test("what concerns the account's security is listed, the latest first, and nobody else's")
    func events() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await server.user("bob")
            server.clock.advance(by: .seconds(1))
            let phone = try await login(server, device: "phone")
            server.clock.advance(by: .seconds(1))
            let sid = try server.tokens.verify(phone.tokens.accessToken).sid
            _ = try await ada.client.delete("/v1/auth/sessions/\(sid)")
            let page: Page<SecurityEvent> = try await ada.client.get("/v1/auth/events?limit=2").decoded()
            #expect(page.items.map(\.kind) == ["sessionEnded", "signedIn"])
            #expect(page.items.map(\.sessionId) == [sid, sid])
            #expect(page.items.allSatisfy { $0.address == "127.0.0.1" })
            let cursor = try #require(page.nextCursor)
            let rest: Page<SecurityEvent> = try await ada.client.get("/v1/auth/events?cursor=\(cursor)").decoded()
            #expect(Set(rest.items.map(\.kind)) == ["signedIn", "registered"])
            #expect(try await server.client.get("/v1/auth/events").status == 401)
        }
    }
}
