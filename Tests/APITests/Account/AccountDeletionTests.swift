import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Account deletion")
struct AccountDeletionTests {
    static let grace = Duration.seconds(30 * 24 * 3600)

    static func delete(_ user: TestUser, _ password: String? = RESTServer.password) async throws -> RESTAnswer {
        let body = password.map { #"{"password": "\#($0)"}"# } ?? "{}"
        return try await user.client.send("DELETE", "/v1/users/account", text: body)
    }

    static func login(_ name: String, on server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/login", LoginRequest(login: name, password: RESTServer.password))
    }

    private func status(_ server: RESTServer, _ user: TestUser) async throws -> String? {
        try await server.pool.first("select status from users where id = \(user.id)", as: String.self)
    }

    @Test("deleting needs the password, and nothing changes without")
    func proof() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await Self.delete(ada, "wrong").code == "passwordWrong")
            let missing = try await Self.delete(ada, nil)
            #expect(missing.status == 422)
            #expect(try missing.problem.errors.map(\.pointer) == ["/password"])
            #expect(try await ada.client.delete("/v1/users/account").status == 422)
            #expect(try await ada.client.send("DELETE", "/v1/users/account", text: #"{"password": 7}"#).status == 422)
            #expect(try await ada.client.send("DELETE", "/v1/users/account", text: "{").status == 400)
            #expect(try await server.client.delete("/v1/users/account").status == 401)
            #expect(try await status(server, ada) == "active")
            #expect(
                try await server.pool.query("select count(*) from jobs where kind = 'account.erase'", as: Int.self) == [
                    0
                ])
        }
    }

    @Test("an account without a password is deleted within ten minutes of a sign-in")
    func freshSignIn() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await server.pool.execute("update users set password_hash = null")
            #expect(try await Self.delete(ada).code == "passwordMissing")
            server.clock.advance(by: .seconds(600))
            #expect(try await Self.delete(ada, nil).status == 202)
            server.clock.advance(by: .seconds(1))
            #expect(try await Self.delete(bob, nil).code == "signInTooOld")
            #expect(try await status(server, bob) == "active")
        }
    }

    @Test("a leaving account is signed out everywhere and hidden from everybody; its owner hears of it by mail")
    func hidden() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            let second: SignedIn = try await Self.login("ada", on: server).decoded()
            let answer = try await Self.delete(ada)
            #expect(answer.status == 202)
            let notice: AccountDeletionNotice = try answer.decoded()
            #expect(notice.erasedAt - notice.requestedAt == Self.grace)
            for token in [ada.tokens.accessToken, second.tokens.accessToken] {
                #expect(throws: TokenFault.revoked) { try server.tokens.verify(token) }
            }
            let renewal = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken))
            #expect(renewal.code == "invalidRefreshToken")
            #expect(try await bob.client.get("/v1/users/\(ada.id)").status == 404)
            #expect(try await bob.client.get("/v1/users/friends").decoded(as: Page<Friend>.self).items.isEmpty)
            #expect(
                try await Users(pool: server.pool).privacy(of: ada.id) == .closed)
            // Address and name stay taken while the account can come back.
            let body = RegisterRequest(
                email: "ada@example.com", username: "ada", password: RESTServer.password, displayName: "Ada")
            #expect(try await server.client.post("/v1/auth/register", body).status == 409)
            #expect(try await server.mails.contains { $0.contains("Subject: Your account will be erased") })
        }
    }

    @Test("signing in within the grace keeps the account, by mail and in the log; the old date erases nothing")
    func cancelled() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            #expect(try await Self.delete(ada).status == 202)
            server.clock.advance(by: Self.grace - .seconds(1))
            #expect(
                try await server.client.post("/v1/auth/login", LoginRequest(login: "ada", password: "wrong")).status
                    == 401)
            #expect(try await status(server, ada) == "leaving")
            let back: SignedIn = try await Self.login("ada", on: server).decoded()
            #expect(try await status(server, ada) == "active")
            server.clock.advance(by: .seconds(3600))
            try await server.runJobs()
            #expect(try await status(server, ada) == "active")
            #expect(try await server.mails.contains { $0.contains("Subject: Your account stays") })
            let kinds = try await server.pool.query(
                "select kind from security_events where user_id = \(ada.id)", as: String.self)
            #expect(kinds.contains("deletionRequested") && kinds.contains("deletionCancelled"))
            #expect(back.user.id == ada.id)
            #expect(back.isKept == true)
            #expect(try await Self.login("ada", on: server).decoded(as: SignedIn.self).isKept == nil)
        }
    }

    @Test("a second deletion after a first was taken back runs by its own date")
    func again() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await Self.delete(ada)
            server.clock.advance(by: .seconds(20 * 24 * 3600))
            let back: SignedIn = try await Self.login("ada", on: server).decoded()
            let client = server.client(token: back.tokens.accessToken)
            let body = #"{"password": "\#(RESTServer.password)"}"#
            #expect(try await client.send("DELETE", "/v1/users/account", text: body).status == 202)
            server.clock.advance(by: .seconds(10 * 24 * 3600 + 60))
            try await server.runJobs()
            #expect(try await status(server, ada) == "leaving")
            server.clock.advance(by: .seconds(20 * 24 * 3600))
            try await server.runJobs()
            #expect(try await status(server, ada) == nil)
        }
    }

    @Test("of ten deletions at once one counts, and one mail goes out")
    func simultaneous() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 { group.addTask { try await Self.delete(ada).status } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            // More at once than the free attempts at a password are told to wait.
            #expect(statuses.contains(202) && statuses.isSubset(of: [202, 401, 429]))
            let mails = try await server.mails.filter { $0.contains("Subject: Your account will be erased") }
            #expect(mails.count == 1)
        }
    }

    @Test("a forgotten password can be set anew in the grace, which keeps the account")
    func resetInGrace() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await Self.delete(ada)
            try await server.runJobs()
            let forgot = ForgotPasswordRequest(email: "ada@example.com")
            _ = try await server.client.post("/v1/auth/forgot-password", forgot)
            let mail = try #require(try await server.mails.first { $0.contains("Subject: Set a new password") })
            let range = try #require(mail.firstRange(of: "/reset-password/#token="))
            let token = String(mail[range.upperBound...].prefix { !$0.isWhitespace })
            let reset = ResetPasswordRequest(token: token, password: "an-entirely-new-9-secret")
            #expect(try await server.client.post("/v1/auth/reset-password", reset).status == 204)
            #expect(try await status(server, ada) == "active")
            let login = LoginRequest(login: "ada", password: "an-entirely-new-9-secret")
            #expect(try await server.client.post("/v1/auth/login", login).status == 200)
            #expect(try await status(server, ada) == "active")
        }
    }
}
