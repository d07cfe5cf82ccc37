import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Passwords")
struct PasswordTests {
    private let newPassword = "an-entirely-new-9-secret"

    private func token(in mail: String) throws -> String {
        let range = try #require(mail.firstRange(of: "/reset-password/#token="))
        return String(mail[range.upperBound...].prefix { !$0.isWhitespace })
    }

    private func login(_ password: String, on server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/login", LoginRequest(login: "ada", password: password))
    }

    private func forget(_ email: String, on server: RESTServer) async throws {
        // Mails are in the order of their times.
        server.clock.advance(by: .milliseconds(1))
        let answer = try await server.client.post("/v1/auth/forgot-password", ForgotPasswordRequest(email: email))
        #expect(answer.status == 202)
        #expect(answer.body.isEmpty)
    }

    @Test("a forgotten password is set anew by the mail's link, once, and every session ends")
    func reset() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            try await server.runJobs()
            try await forget("Ada@Example.com", on: server)
            let mails = try await server.mails
            let link = try token(in: try #require(mails.last))
            let request = ResetPasswordRequest(token: link, password: newPassword)
            #expect(try await server.client.post("/v1/auth/reset-password", request).status == 204)
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(ada.tokens.accessToken) }
            #expect(try await login(RESTServer.password, on: server).status == 401)
            let again: SignedIn = try await login(newPassword, on: server).decoded()
            #expect(again.user.isVerified)
            #expect(try await server.client.post("/v1/auth/reset-password", request).code == "linkInvalid")
            #expect(try await server.mails.contains { $0.contains("Subject: Your password was reset") })
            // Nothing of the secret lies in the database.
            let stored = try await server.pool.query(
                "select count(*) from jobs where payload::text like \("%" + link + "%")", as: Int.self)
            #expect(stored == [0])
        }
    }

    @Test("an unknown address gets the same answer and no mail")
    func unknownAddress() async throws {
        try await RESTServer.run { server in
            try await forget("nobody@example.com", on: server)
            #expect(try await server.mails.isEmpty)
            #expect(try await server.client.post("/v1/auth/forgot-password", ["email": "nobody"]).status == 422)
        }
    }

    @Test("links that are old, foreign, superseded or of another address set nothing")
    func badLinks() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            try await server.runJobs()
            func ask() async throws -> String {
                try await forget("ada@example.com", on: server)
                return try token(in: try #require(try await server.mails.last))
            }
            func use(_ token: String) async throws -> String? {
                try await server.client.post(
                    "/v1/auth/reset-password", ResetPasswordRequest(token: token, password: newPassword)
                ).code
            }
            let old = try await ask()
            server.clock.advance(by: .seconds(3601))
            #expect(try await use(old) == "linkInvalid")
            #expect(try await use("nonsense") == "linkInvalid")
            let (first, second) = (try await ask(), try await ask())
            let moved = try await ask()
            try await server.pool.execute("update users set email = 'else@example.com'")
            #expect(try await use(moved) == "linkInvalid")
            try await server.pool.execute("update users set email = 'ada@example.com'")
            #expect(try await use(first) == nil)
            #expect(try await use(second) == "linkInvalid")
        }
    }

    @Test("a mailbox is not flooded: five links an hour")
    func flood() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            try await server.runJobs()
            for _ in 0..<8 {
                try await forget("ada@example.com", on: server)
                try await server.runJobs()
            }
            #expect(try await server.mails.filter { $0.contains("Set a new password") }.count == 5)
        }
    }

    @Test("a new password must be good, and the own address is none")
    func badPassword() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await server.runJobs()
            try await forget("ada@example.com", on: server)
            let link = try token(in: try #require(try await server.mails.last))
            for (password, fault) in [
                ("short", FaultCode.tooShort), ("password1", .commonPassword), ("ada@example.com", .notAllowed),
            ] {
                let reset = try await server.client.post(
                    "/v1/auth/reset-password", ResetPasswordRequest(token: link, password: password))
                #expect(try reset.problem.errors.map(\.code) == [fault])
                let change = try await ada.client.put(
                    "/v1/auth/password",
                    PasswordChangeRequest(currentPassword: RESTServer.password, newPassword: password))
                #expect(try change.problem.errors.map(\.pointer) == ["/newPassword"])
            }
        }
    }

    @Test("changing the password needs the old one and ends the other sessions")
    func change() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let other: SignedIn = try await login(RESTServer.password, on: server).decoded()
            let wrong = try await ada.client.put(
                "/v1/auth/password", PasswordChangeRequest(currentPassword: "wrong", newPassword: newPassword))
            #expect(wrong.status == 403)
            #expect(wrong.code == "passwordWrong")
            let right = PasswordChangeRequest(currentPassword: RESTServer.password, newPassword: newPassword)
            #expect(try await server.client.put("/v1/auth/password", right).status == 401)
            #expect(try await ada.client.put("/v1/auth/password", right).status == 204)
            #expect(throws: Never.self) { try server.tokens.verify(ada.tokens.accessToken) }
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(other.tokens.accessToken) }
            #expect(try await login(newPassword, on: server).status == 200)
            #expect(try await server.mails.contains { $0.contains("Subject: Your password was changed") })
        }
    }

    @Test("guessing the own password is slowed down as guessing at the log-in is")
    func guessing() async throws {
        try await RESTServer.run(adjust: { $0.loginDelays.freeForAccount = 2 }) { server in
            let ada = try await server.user("ada")
            let guess = PasswordChangeRequest(currentPassword: "wrong", newPassword: newPassword)
            for _ in 0..<2 { #expect(try await ada.client.put("/v1/auth/password", guess).status == 403) }
            #expect(try await ada.client.put("/v1/auth/password", guess).status == 429)
            let email = EmailChangeRequest(email: "new@example.com", password: RESTServer.password)
            #expect(try await ada.client.put("/v1/auth/email", email).status == 429)
        }
    }

    @Test("an account without a password is told so, and gets one by a reset")
    func missing() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await server.runJobs()
            try await server.pool.execute("update users set password_hash = null")
            let change = PasswordChangeRequest(currentPassword: "x", newPassword: newPassword)
            // Asking is no failed attempt.
            for _ in 0..<8 {
                #expect(try await ada.client.put("/v1/auth/password", change).code == "passwordMissing")
            }
            #expect(try await login("x", on: server).status == 401)
            try await forget("ada@example.com", on: server)
            let link = try token(in: try #require(try await server.mails.last))
            let reset = ResetPasswordRequest(token: link, password: newPassword)
            #expect(try await server.client.post("/v1/auth/reset-password", reset).status == 204)
            #expect(try await login(newPassword, on: server).status == 200)
        }
    }

    @Test("a bcrypt hash verifies and is replaced at the log-in; an argon2 hash of other costs too")
    func upgrade() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada")
            // crypt("correct horse 9") with cost 4.
            let bcrypt = "$2b$04$abcdefghijklmnopqrstuuNQrW4HtpbvUPwWirnrwjC4bel4JAS1u"
            try await server.pool.execute("update users set password_hash = \(bcrypt)")
            #expect(try await login("correct horse 8", on: server).status == 401)
            #expect(try await login("correct horse 9", on: server).status == 200)
            let stored = try await server.pool.query("select password_hash from users", as: String.self)
            #expect(stored[0].hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
            #expect(try await login("correct horse 9", on: server).status == 200)
            #expect(try await server.pool.query("select password_hash from users", as: String.self) == stored)
        }
    }
}
