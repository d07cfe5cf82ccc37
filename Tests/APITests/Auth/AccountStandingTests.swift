import API
import Protocol
import Store
import Synchronization
import TestKit
import Testing

@Suite("Accounts' standings")
struct AccountStandingTests {
    private final class Seen: Sendable {
        let list = Mutex<[AccountStandings.Standing]>([])
    }

    @Test(
        "whoever suspends an account, its tokens stop working and its sockets' side is told; so it is when it is back")
    func suspended() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let standings = AccountStandings(pool: server.pool, logger: .silent)
            try await standings.load()
            let seen = Seen()
            standings.observe { user, standing in
                if user == ada.id { seen.list.withLock { $0.append(standing) } }
            }
            try await server.pool.execute("update users set status = 'suspended' where id = \(ada.id)")
            for _ in 0..<2 {
                try await standings.load()
                try await server.revoked.load()
            }
            #expect(seen.list.withLock { $0 } == [.suspended] && standings.isSuspended(ada.id))
            #expect(try await ada.client.get("/v1/users/profile").status == 401)
            #expect(try await bob.client.get("/v1/users/profile").status == 200)
            let refresh = RefreshRequest(refreshToken: ada.tokens.refreshToken)
            #expect(try await server.client.post("/v1/auth/refresh", refresh).status == 401)
            let login = LoginRequest(login: "ada", password: RESTServer.password)
            #expect(try await server.client.post("/v1/auth/login", login).status == 403)
            try await server.pool.execute("update users set status = 'active' where id = \(ada.id)")
            try await standings.load()
            #expect(seen.list.withLock { $0 } == [.suspended, .active] && !standings.isSuspended(ada.id))
            #expect(try await server.client.post("/v1/auth/login", login).status == 200)
        }
    }

    @Test("a suspension by SQL ends the tokens also where this machine's clock is an hour before or behind Postgres's")
    func clocksApart() async throws {
        for hours in [1.0, -1.0] {
            try await RESTServer.run { server in
                server.clock.advance(by: .seconds(hours * 3600))
                let ada = try await server.user("ada")
                #expect(try await ada.client.get("/v1/users/profile").status == 200)
                try await server.pool.execute("update users set status = 'suspended' where id = \(ada.id)")
                for _ in 0..<2 {
                    try await server.revoked.load()
                    #expect(try await ada.client.get("/v1/users/profile").code == "sessionEnded")
                }
            }
        }
    }

    @Test("what one observer waits for holds up neither the others, nor other accounts, nor later readings")
    func sideBySide() async throws {
        try await RESTServer.run { server in
            let users = [try await server.user("ada"), try await server.user("bob"), try await server.user("cleo")].map(
                \.id)
            let standings = AccountStandings(pool: server.pool, logger: .silent)
            try await standings.load()
            let gate = Gate()
            let told = Mutex<Set<UserID>>([])
            await gate.close()
            standings.observe { _, _ in await gate.pass() }
            standings.observe { user, _ in told.withLock { _ = $0.insert(user) } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await standings.run() }
                do {
                    for batch in [users.prefix(2), users.suffix(1)] {
                        try await server.pool.execute(
                            "update users set status = 'suspended' where id = any(\(Array(batch))::uuid[])")
                        try await eventually { told.withLock { $0.isSuperset(of: batch) } }
                    }
                } catch {
                    // The reading ends when nobody waits at the gate.
                    group.cancelAll()
                    await gate.open()
                    throw error
                }
                group.cancelAll()
                await gate.open()
            }
        }
    }
}
