import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Sign-in by a provider")
struct ProviderSignInTests {
    @Test(
        "somebody new gets an account, a session in a cookie, and the page they came from",
        arguments: ["google", "github"])
    func newcomer(provider: String) async throws {
        try await ProviderBench.run { bench in
            let browser = bench.browser(provider)
            let answer = try await browser.signIn(returnTo: "/workouts?tab=1")
            #expect(answer.status == 303)
            #expect(answer[header: "location"] == "/workouts?tab=1")
            #expect(answer[header: "cache-control"] == "no-store")
            let tokens = try await bench.tokens(from: answer)
            #expect(tokens.refreshToken == nil)
            let profile: Profile = try await RESTClient(port: bench.server.port, token: tokens.accessToken)
                .get("/v1/users/profile").decoded()
            #expect(profile.email == "ada@example.com")
            #expect(profile.isVerified)
            #expect(profile.displayName == "Ada Lovelace")
            #expect(profile.username == "ada")
            // The second time it is the same account, also with another address there.
            bench.provider.adjust { $0.email = "new@example.com" }
            let again = try await bench.tokens(from: try await browser.signIn())
            #expect(try bench.server.tokens.verify(again.accessToken).userId == profile.id)
            #expect(try await bench.server.pool.query("select count(*) from users", as: Int.self) == [1])
        }
    }

    @Test("a verified address joins the verified account that has it, which keeps its password and sessions")
    func joins() async throws {
        try await ProviderBench.run { bench in
            let ada = try await bench.server.user("ada")
            bench.provider.adjust { $0.email = "Ada@Example.com" }
            let tokens = try await bench.tokens(from: try await bench.browser("google").signIn())
            #expect(try bench.server.tokens.verify(tokens.accessToken).userId == ada.id)
            #expect(throws: Never.self) { try bench.server.tokens.verify(ada.tokens.accessToken) }
            let login = LoginRequest(login: "ada", password: RESTServer.password)
            #expect(try await bench.server.client.post("/v1/auth/login", login).status == 200)
            #expect(try await bench.server.mails.contains { $0.contains("Subject: A new way to sign in") })
        }
    }

    @Test("signing in by a provider keeps an account that is leaving, and not one that is being erased")
    func leaving() async throws {
        try await ProviderBench.run { bench in
            let server = bench.server
            let tokens = try await bench.tokens(from: try await bench.browser("google").signIn())
            let client = server.client(token: tokens.accessToken)
            // No password: the sign-in is fresh.
            #expect(try await client.delete("/v1/users/account").status == 202)
            #expect(try await server.pool.query("select status from users", as: String.self) == ["leaving"])
            #expect(try await bench.browser("google").signIn().status == 303)
            #expect(try await server.pool.query("select status from users", as: String.self) == ["active"])
            try await server.pool.execute(
                "update users set status = 'erasing', deletion_requested_at = now(), deletion_due_at = now()")
            #expect(try await bench.browser("google").signIn().code == "invalidCredentials")
            #expect(try await server.pool.query("select status from users", as: String.self) == ["erasing"])
        }
    }

    @Test("a verified address takes an unverified account over: password, sessions, links and identities go")
    func takesOver() async throws {
        try await ProviderBench.run { bench in
            let squatter = try await bench.server.user("ada", isVerified: false)
            let link = try #require(try await bench.server.mails.first)
            let token = try bench.token(in: link)
            // The squatter's own identity, with the address unverified there.
            try await bench.server.pool.execute(
                """
                insert into sign_in_identities (id, provider, subject, user_id, created_at)
                values (\(UUIDv7.make()), 'github', '99', \(squatter.id), now())
                """)
            let tokens = try await bench.tokens(from: try await bench.browser("google").signIn())
            let identity = try bench.server.tokens.verify(tokens.accessToken)
            #expect(identity.userId == squatter.id)
            #expect(identity.isVerified)
            #expect(throws: TokenFault.revoked) { try bench.server.tokens.verify(squatter.tokens.accessToken) }
            let login = LoginRequest(login: "ada", password: RESTServer.password)
            #expect(try await bench.server.client.post("/v1/auth/login", login).status == 401)
            #expect(try await bench.server.client.get("/v1/auth/verify-email?token=\(token)").code == "linkInvalid")
            let identities = try await bench.server.pool.query(
                "select provider from sign_in_identities", as: String.self)
            #expect(identities == ["google"])
            let renewal = try await bench.server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: squatter.tokens.refreshToken))
            #expect(renewal.code == "invalidRefreshToken")
        }
    }

    @Test("an unverified address joins no account, verified or not", arguments: [true, false], ["google", "github"])
    func unverifiedJoinsNothing(isVerifiedHere: Bool, provider: String) async throws {
        try await ProviderBench.run { bench in
            _ = try await bench.server.user("ada", isVerified: isVerifiedHere)
            bench.provider.adjust { $0.isEmailVerified = false }
            let answer = try await bench.browser(provider).signIn()
            #expect(answer.status == 409)
            #expect(answer.code == "emailTaken")
            #expect(answer[header: "set-cookie"] == nil)
            #expect(try await bench.server.pool.query("select count(*) from sign_in_identities", as: Int.self) == [0])
        }
    }

    @Test("an unverified address of nobody makes an account that has to verify it")
    func unverifiedNewcomer() async throws {
        try await ProviderBench.run { bench in
            bench.provider.adjust { $0.isEmailVerified = false }
            let tokens = try await bench.tokens(from: try await bench.browser("google").signIn())
            #expect(try bench.server.tokens.verify(tokens.accessToken).isVerified == false)
            #expect(try await bench.server.mails.contains { $0.contains("/v1/auth/verify-email?token=") })
        }
    }

    @Test("without an address there is no account")
    func noAddress() async throws {
        try await ProviderBench.run { bench async throws in
            bench.provider.adjust { $0.email = nil }
            #expect(try await bench.browser("google").signIn().code == "signInFailed")
            #expect(try await bench.browser("github").signIn().code == "signInFailed")
        }
    }

    @Test("a suspended account does not get in by a provider either")
    func suspended() async throws {
        try await ProviderBench.run { bench in
            _ = try await bench.browser("google").signIn()
            try await bench.server.pool.execute("update users set status = 'suspended'")
            #expect(try await bench.browser("google").signIn().code == "accountSuspended")
            // By its address neither.
            bench.provider.adjust { $0.subject = "777" }
            #expect(try await bench.browser("google").signIn().code == "accountSuspended")
        }
    }

    @Test("a name that is taken gets digits")
    func takenName() async throws {
        try await ProviderBench.run { bench in
            _ = try await bench.server.user("ada")
            bench.provider.adjust {
                $0.email = "lovelace@example.com"
                $0.login = "Ada"
            }
            let tokens = try await bench.tokens(from: try await bench.browser("github").signIn())
            let profile: Profile = try await RESTClient(port: bench.server.port, token: tokens.accessToken)
                .get("/v1/users/profile").decoded()
            #expect(profile.username.hasPrefix("ada_"))
        }
    }
}
