import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

/// What is verified before a password is replaced counts for nothing after it.
@Suite("Proofs that have gone stale")
struct StaleProofTests {
    /// Holds the account's row while `request` has verified the old password and waits for it, replaces the password
    /// and ends all sessions as a reset does, and answers what the request got.
    private func overtaking(
        _ server: RESTServer, with hash: String = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAA",
        endsSessions: Bool = true, _ request: @escaping @Sendable () async throws -> RESTAnswer
    ) async throws -> RESTAnswer {
        let (held, tell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: RESTAnswer?.self) { group in
            group.addTask {
                try await server.pool.transaction { connection in
                    try connection.execute("select from users for update")
                    tell.yield()
                    try connection.waitForRowLocks(count: 1)
                    try connection.execute("update users set password_hash = \(hash)")
                    if endsSessions {
                        try connection.execute("update sessions set revoked_at = \(server.clock.now)")
                    }
                }
                return nil
            }
            for await _ in held { break }
            group.addTask { try await request() }
            var answer: RESTAnswer?
            for try await result in group { answer = result ?? answer }
            return try #require(answer)
        }
    }

    @Test("a log-in with the old password that is under way during a reset opens no session")
    func login() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            let answer = try await overtaking(server) {
                try await server.client.post(
                    "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password))
            }
            #expect(answer.code == "invalidCredentials")
            let open = try await server.pool.query(
                "select count(*) from sessions where revoked_at is null", as: Int.self)
            #expect(open == [0])
        }
    }

    @Test("a log-in during another's upgrade of the hash succeeds by the new hash")
    func upgrade() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            // The same password in another hash.
            let other = try #require(
                try await server.pool.first(
                    "select password_hash from users where id = \(bob.id)", as: String.self))
            try await server.pool.execute("delete from users where id = \(bob.id)")
            let answer = try await overtaking(server, with: other, endsSessions: false) {
                try await server.client.post(
                    "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password))
            }
            #expect(try answer.decoded(as: SignedIn.self).user.id == ada.id)
        }
    }

    enum Deed: String, CaseIterable, Sendable { case password, email, deletion, secondFactor }

    private func perform(_ deed: Deed, as ada: TestUser) async throws -> RESTAnswer {
        switch deed {
        case .password:
            try await ada.client.put(
                "/v1/auth/password",
                PasswordChangeRequest(currentPassword: RESTServer.password, newPassword: "an-entirely-new-9-secret"))
        case .email:
            try await ada.client.put(
                "/v1/auth/email", EmailChangeRequest(email: "evil@example.com", password: RESTServer.password))
        case .deletion:
            try await ada.client.send(
                "DELETE", "/v1/users/account", json: JSONEncoder().encode(["password": RESTServer.password]))
        case .secondFactor:
            try await ada.client.post("/v1/users/second-factor", ["password": RESTServer.password])
        }
    }

    @Test(
        "what was asked for with the old password and is under way during a reset changes nothing",
        arguments: Deed.allCases)
    func deeds(deed: Deed) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await overtaking(server) { try await perform(deed, as: ada) }
            #expect(answer.code == "sessionEnded")
            let found = try await server.pool.query("select email, status from users", as: (String, String).self)
            #expect(found.map(\.0) == ["ada@example.com"])
            #expect(found.map(\.1) == ["active"])
            let made = try await server.pool.query(
                "select (select count(*) from email_changes) + (select count(*) from second_factors)", as: Int.self)
            #expect(made == [0])
        }
    }

    @Test(
        "a change that needs no password and is under way during a reset changes nothing either",
        arguments: ["profile", "preferences"])
    func changes(aspect: String) async throws {
        let bodies = [
            "profile": #"{"displayName": "Somebody else"}"#, "preferences": #"{"privacy": {"profile": "public"}}"#,
        ]
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let body = try #require(bodies[aspect])
            let answer = try await overtaking(server) {
                try await ada.client.send("PUT", "/v1/users/\(aspect)", text: body)
            }
            #expect(answer.code == "sessionEnded")
            #expect(try await server.pool.query("select version from users", as: Int.self) == [1])
        }
    }

    @Test("what was asked for with a password that was replaced elsewhere is refused", arguments: Deed.allCases)
    func replaced(deed: Deed) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let answer = try await overtaking(server, endsSessions: false) { try await perform(deed, as: ada) }
            #expect(answer.code == "passwordWrong")
        }
    }
}

extension PostgresConnection {
    /// Returns when so many others wait for a row, which this transaction holds.
    fileprivate func waitForRowLocks(count: Int) throws {
        // Who waits for a row waits for the transaction that holds it.
        let waiting: SQL = """
            select count(*) from pg_locks where locktype in ('transactionid', 'tuple') and not granted
              and pg_backend_pid() = any(pg_blocking_pids(pid))
            """
        while try first(waiting, as: Int.self) ?? 0 < count {}
    }
}
