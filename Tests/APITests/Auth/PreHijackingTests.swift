import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

/// Somebody makes an account with another's address before its owner does, and waits.
@Suite("Accounts made with another's address")
struct PreHijackingTests {
    private static let newPassword = "an-entirely-new-9-secret"

    private func reset(_ server: RESTServer) async throws {
        server.clock.advance(by: .milliseconds(1))
        _ = try await server.client.post(
            "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
        let body = ResetPasswordRequest(
            token: try await server.secret("/reset-password/#", to: "ada@example.com"), password: Self.newPassword)
        #expect(try await server.client.post("/v1/auth/reset-password", body).status == 204)
    }

    private func askForChange(_ attacker: TestUser) async throws {
        let body = EmailChangeRequest(email: "evil@example.com", password: RESTServer.password)
        #expect(try await attacker.client.put("/v1/auth/email", body).status == 202)
    }

    private func confirm(_ token: String, _ server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/confirm-email", ConfirmEmailRequest(token: token))
    }

    private func emails(_ server: RESTServer) async throws -> [String] {
        try await server.pool.query("select email from users order by email", as: String.self)
    }

    enum Proof: String, CaseIterable, Sendable { case reset, verification, takeOver }

    @Test(
        "an email change that was begun before the owner proved the address moves nothing afterwards",
        arguments: Proof.allCases)
    func pendingChange(proof: Proof) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let attacker = try await server.user("ada", isVerified: false)
            let verification = try await server.secret("/v1/auth/verify-email?")
            try await askForChange(attacker)
            let link = try await server.secret("/v1/auth/confirm-email?", to: "evil@example.com")
            switch proof {
            case .reset: try await reset(server)
            case .verification:
                #expect(try await server.client.get("/v1/auth/verify-email?token=\(verification)").status == 200)
            case .takeOver: #expect(try await bench.browser("google").signIn().status == 303)
            }
            let answer = try await confirm(link, server)
            if proof == .verification {
                // It stays, and moves nothing: the owner has to agree now.
                let confirmed: EmailConfirmed = try answer.decoded()
                #expect(!confirmed.isChanged)
                #expect(try await server.subjects(to: "ada@example.com").contains("Confirm your new email address"))
            } else {
                #expect(answer.code == "linkInvalid")
                let pending = try await server.pool.query("select count(*) from email_changes", as: Int.self)
                #expect(pending == [0])
            }
            #expect(try await emails(server) == ["ada@example.com"])
        }
    }

    @Test("a change confirmed before the reset moves the account away, and then the reset's link opens nothing of it")
    func changeFirst() async throws {
        try await RESTServer.run { server in
            let attacker = try await server.user("ada", isVerified: false)
            server.clock.advance(by: .milliseconds(1))
            _ = try await server.client.post(
                "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
            let token = try await server.secret("/reset-password/#")
            try await askForChange(attacker)
            let link = try await server.secret("/v1/auth/confirm-email?", to: "evil@example.com")
            #expect(try await confirm(link, server).status == 200)
            let body = ResetPasswordRequest(token: token, password: Self.newPassword)
            #expect(try await server.client.post("/v1/auth/reset-password", body).code == "linkInvalid")
            // Not even when the account comes back to the address.
            try await server.pool.execute("update users set email = 'ada@example.com'")
            #expect(try await server.client.post("/v1/auth/reset-password", body).code == "linkInvalid")
            let subjects = try await server.subjects(to: "ada@example.com")
            #expect(subjects.contains("Your email address was changed"))
        }
    }

    @Test("a reset ends every session, change, link and known device, and a deletion that was asked for")
    func everythingPending() async throws {
        try await RESTServer.run { server in
            let attacker = try await server.user("ada", isVerified: false)
            try await askForChange(attacker)
            let verification = try await server.secret("/v1/auth/verify-email?", to: "ada@example.com")
            let deletion = #"{"password": "\#(RESTServer.password)"}"#
            #expect(try await attacker.client.send("DELETE", "/v1/users/account", text: deletion).status == 202)
            try await reset(server)
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(attacker.tokens.accessToken) }
            #expect(try await server.client.get("/v1/auth/verify-email?token=\(verification)").code == "linkInvalid")
            #expect(try await server.pool.query("select status from users", as: String.self) == ["active"])
            server.clock.advance(by: .seconds(31 * 24 * 3600))
            try await server.runJobs()
            #expect(try await emails(server) == ["ada@example.com"])
        }
    }

    @Test(
        "an identity that was linked by an unverified address is gone after the owner's reset, and stays out",
        arguments: ["google", "github"])
    func unprovenIdentity(provider: String) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            bench.provider.adjust { $0.isEmailVerified = false }
            _ = try await bench.browser(provider).signIn()
            try await reset(server)
            #expect(try await server.pool.query("select count(*) from sign_in_identities", as: Int.self) == [0])
            #expect(try await bench.browser(provider).signIn().code == "emailTaken")
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(kinds.contains("identityRemoved"))
        }
    }

    @Test(
        "an identity that was linked by an unverified address is out, with its sessions, once the owner opens the link",
        arguments: ["google", "github"])
    func unprovenIdentityAtVerification(provider: String) async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            bench.provider.adjust { $0.isEmailVerified = false }
            let attacker = try await bench.tokens(from: try await bench.browser(provider).signIn())
            let token = try await server.secret("/v1/auth/verify-email?")
            let page = try await server.client.sendForm("/v1/auth/verify-email", "token=\(token)")
            #expect(page.status == 200 && page.text.contains("Another mail is on its way"))
            #expect(throws: TokenFault.revoked) { try server.tokens.verify(attacker.accessToken) }
            #expect(try await bench.browser(provider).signIn().code == "emailTaken")
            let kinds = try await server.pool.query("select kind from security_events", as: String.self)
            #expect(kinds.contains("identityRemoved"))
            // The owner gets in by the mail, and by an account elsewhere that has the address verified.
            let body = ResetPasswordRequest(
                token: try await server.secret("/reset-password/#", to: "ada@example.com"), password: Self.newPassword)
            #expect(try await server.client.post("/v1/auth/reset-password", body).status == 204)
            bench.provider.adjust { $0.isEmailVerified = true }
            #expect(try await bench.browser(provider).signIn().status == 303)
            #expect(try await server.pool.query("select count(*) from users", as: Int.self) == [1])
        }
    }

    @Test("who has registered with a password stays signed in when the address is verified, and gets no other mail")
    func verifiedByPassword() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            let token = try await server.secret("/v1/auth/verify-email?")
            #expect(try await server.client.get("/v1/auth/verify-email?token=\(token)").status == 200)
            #expect(throws: Never.self) { try server.tokens.verify(ada.tokens.accessToken) }
            #expect(try await server.subjects(to: "ada@example.com") == ["Verify your email address"])
        }
    }

    @Test("an identity whose address its provider has verified is gone after a reset too, and joins again by itself")
    func provenIdentity() async throws {
        try await ProviderBench.run { bench in
            _ = try await bench.browser("google").signIn()
            try await reset(bench.server)
            let count: SQL = "select count(*) from sign_in_identities"
            #expect(try await bench.server.pool.query(count, as: Int.self) == [0])
            #expect(try await bench.browser("google").signIn().status == 303)
            #expect(try await bench.server.pool.query(count, as: Int.self) == [1])
            #expect(try await bench.server.pool.query("select count(*) from users", as: Int.self) == [1])
        }
    }

    @Test("a second factor that was begun and never turned on is gone after a reset")
    func begunFactor() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let path = "/v1/users/second-factor"
            _ = try await ada.client.post(path, ["password": RESTServer.password])
            let count: SQL = "select count(*) from second_factors"
            #expect(try await server.pool.query(count, as: Int.self) == [1])
            try await reset(server)
            #expect(try await server.pool.query(count, as: Int.self) == [0])
        }
    }

    @Test("a change of the password ends an email change that is under way and the links of a reset")
    func passwordChange() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await askForChange(ada)
            _ = try await server.client.post(
                "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
            let token = try await server.secret("/reset-password/#")
            let links = [
                try await server.secret("/v1/auth/confirm-email?", to: "ada@example.com"),
                try await server.secret("/v1/auth/confirm-email?", to: "evil@example.com"),
            ]
            let change = PasswordChangeRequest(currentPassword: RESTServer.password, newPassword: Self.newPassword)
            #expect(try await ada.client.put("/v1/auth/password", change).status == 204)
            for link in links { #expect(try await confirm(link, server).code == "linkInvalid") }
            let reset = ResetPasswordRequest(token: token, password: "yet-another-7-secret")
            #expect(try await server.client.post("/v1/auth/reset-password", reset).code == "linkInvalid")
        }
    }

    @Test("the address an account had hears of each change of password and address, whatever follows before the mail")
    func oldAddressHears() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await server.runJobs()
            let change = PasswordChangeRequest(currentPassword: RESTServer.password, newPassword: Self.newPassword)
            #expect(try await ada.client.put("/v1/auth/password", change).status == 204)
            // The account has moved before the mail is sent.
            try await server.pool.execute("update users set email = 'moved@example.com'")
            #expect(try await server.subjects(to: "ada@example.com").contains("Your password was changed"))
            #expect(try await !server.subjects(to: "moved@example.com").contains("Your password was changed"))
            let email = EmailChangeRequest(email: "new@example.com", password: Self.newPassword)
            #expect(try await ada.client.put("/v1/auth/email", email).status == 202)
            for address in ["moved@example.com", "new@example.com"] {
                let link = try await server.secret("/v1/auth/confirm-email?", to: address)
                #expect(try await confirm(link, server).status == 200)
            }
            #expect(try await server.subjects(to: "moved@example.com").contains("Your email address was changed"))
            #expect(try await !server.subjects(to: "new@example.com").contains("Your email address was changed"))
        }
    }
}
