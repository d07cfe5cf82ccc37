import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Change of the email address")
struct EmailChangeTests {
    private func token(in mail: String) throws -> String {
        let range = try #require(mail.firstRange(of: "/v1/auth/confirm-email?token="))
        return String(mail[range.upperBound...].prefix { !$0.isWhitespace })
    }

    /// The links of the latest change, by the address they went to.
    private func links(_ server: RESTServer) async throws -> [String: String] {
        var links: [String: String] = [:]
        for mail in try await server.mails where mail.contains("confirm-email") {
            let to = try #require(mail.firstRange(of: "To: <"))
            links[String(mail[to.upperBound...].prefix { $0 != ">" })] = try token(in: mail)
        }
        return links
    }

    private func ask(
        _ user: TestUser, _ email: String, password: String = RESTServer.password
    ) async throws -> RESTAnswer {
        try await user.client.put("/v1/auth/email", EmailChangeRequest(email: email, password: password))
    }

    private func confirm(_ token: String?, _ server: RESTServer) async throws -> RESTAnswer {
        try await server.client.post("/v1/auth/confirm-email", ConfirmEmailRequest(token: token ?? ""))
    }

    /// As a browser opens the link, or sends the form of the page that it shows.
    private func page(
        _ method: String, _ token: String, _ server: RESTServer
    ) async throws -> RESTAnswer {
        let path = "/v1/auth/confirm-email"
        guard method == "GET" else { return try await server.client.sendForm(path, "token=\(token)") }
        let asBrowser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]
        return try await server.client.get("\(path)?token=\(token)", headers: asBrowser)
    }

    @Test("opening both links changes nothing, however often; the page's form confirms as the POST of a program does")
    func openingIsNoConfirmation() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await ask(ada, "o'neil&co@example.com")
            let links = try await links(server)
            let (old, new) = (
                try #require(links["ada@example.com"]), try #require(links["o'neil&co@example.com"])
            )
            for token in [old, new, old, new] {
                let shown: EmailConfirmation = try await server.client.get("/v1/auth/confirm-email?token=\(token)")
                    .decoded()
                #expect(shown.email == "o'neil&co@example.com" && !shown.isConfirmed && !shown.isChanged)
                let page = try await page("GET", token, server)
                #expect(page.status == 200 && page.text.contains("o&#39;neil&amp;co@example.com"))
                #expect(page.text.contains(#"name="token" value="\#(token)""#))
            }
            let untouched = try await server.pool.query(
                "select old_confirmed_at is null and new_confirmed_at is null from email_changes", as: Bool.self)
            #expect(untouched == [true])
            #expect(try await page("POST", old, server).text.contains("the change needs both"))
            let half: EmailConfirmation = try await server.client.get("/v1/auth/confirm-email?token=\(old)").decoded()
            #expect(half.isConfirmed && !half.isChanged)
            #expect(try await page("POST", new, server).text.contains("Your email address is changed"))
            #expect(
                try await server.pool.query("select email from users", as: String.self) == ["o'neil&co@example.com"])
            #expect(try await page("GET", new, server).text.contains("Your email address is changed"))
        }
    }

    @Test("who verifies the old address while a change is under way keeps the change, to which it must agree too")
    func oldVerification() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            let verification = try await server.secret("/v1/auth/verify-email?")
            #expect(try await ask(ada, "new@example.com").status == 202)
            var links = try await links(server)
            #expect(Set(links.keys) == ["new@example.com"])
            let page = try await server.client.sendForm("/v1/auth/verify-email", "token=\(verification)")
            #expect(page.status == 200 && page.text.contains("new@example.com"))
            links = try await self.links(server)
            let first: EmailConfirmed = try await confirm(links["new@example.com"], server).decoded()
            #expect(!first.isChanged)
            #expect(try await server.pool.query("select email from users", as: String.self) == ["ada@example.com"])
            let second: EmailConfirmed = try await confirm(links["ada@example.com"], server).decoded()
            #expect(second.isChanged)
            #expect(try await server.pool.query("select email from users", as: String.self) == ["new@example.com"])
        }
    }

    @Test("a link that does not work tells a browser so on a page of the product, and a program by a problem")
    func badLinkAsPage() async throws {
        try await RESTServer.run { server in
            for (path, words) in [
                ("/v1/auth/confirm-email?token=nonsense", "no longer works"),
                ("/v1/auth/confirm-email", "is incomplete"),
                ("/v1/auth/verify-email?token=nonsense", "no longer works"),
                ("/v1/auth/verify-email", "is incomplete"),
                ("/v1/auth/google/callback?state=nonsense", "sign in again"),
            ] {
                let problem = try await server.client.get(path)
                #expect(problem[header: "content-type"] == "application/problem+json")
                let page = try await server.client.get(path, headers: [("Accept", "text/html")])
                #expect(page.status == problem.status)
                #expect(page[header: "content-type"] == "text/html; charset=utf-8")
                #expect(page.text.contains(words), "\(path)")
                #expect(page.text.contains("/style/base.css") && !page.text.contains("style="))
                let policy = try #require(page[header: "content-security-policy"])
                #expect(policy.contains("style-src 'self'") && policy.contains("form-action 'self'"))
                #expect(!policy.contains("unsafe") && !policy.contains("script"))
            }
            let answer = try await page("POST", "nonsense", server)
            #expect(answer.status == 400 && answer.text.contains("no longer works"))
        }
    }

    @Test(
        "the address changes when both have confirmed, in any order, and the links go on working",
        arguments: [true, false])
    func both(oldFirst: Bool) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ask(ada, "New@Example.com").status == 202)
            let links = try await links(server)
            #expect(Set(links.keys) == ["ada@example.com", "new@example.com"])
            let order = oldFirst ? ["ada@example.com", "new@example.com"] : ["new@example.com", "ada@example.com"]
            let first: EmailConfirmed = try await confirm(links[order[0]], server).decoded()
            #expect(!first.isChanged)
            #expect(try await server.pool.query("select email from users", as: String.self) == ["ada@example.com"])
            for address in [order[1]] + order {
                let next: EmailConfirmed = try await confirm(links[address], server).decoded()
                #expect(next.isChanged)
            }
            #expect(try await server.pool.query("select email from users", as: String.self) == ["new@example.com"])
            let login = LoginRequest(login: "new@example.com", password: RESTServer.password)
            #expect(try await server.client.post("/v1/auth/login", login).status == 200)
        }
    }

    @Test("an address that never was verified is not asked")
    func unverified() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            #expect(try await ask(ada, "new@example.com").status == 202)
            let links = try await links(server)
            #expect(Array(links.keys) == ["new@example.com"])
            let done: EmailConfirmed = try await confirm(links["new@example.com"], server).decoded()
            #expect(done.isChanged)
            #expect(try await server.pool.query("select verified_at is not null from users", as: Bool.self) == [true])
        }
    }

    @Test("a wrong password, the same address, a taken one and a malformed one are refused")
    func refusals() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await server.user("bob")
            #expect(try await ask(ada, "new@example.com", password: "wrong").code == "passwordWrong")
            #expect(try await ask(ada, "ada@example.com").status == 422)
            #expect(try await ask(ada, "BOB@example.com").code == "emailTaken")
            #expect(try await ask(ada, "nonsense").status == 422)
            let body = EmailChangeRequest(email: "new@example.com", password: RESTServer.password)
            #expect(try await server.client.put("/v1/auth/email", body).status == 401)
        }
    }

    @Test("a later change takes the place of an earlier one, whose links end; links end after a day")
    func superseded() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await ask(ada, "first@example.com")
            let first = try await links(server)
            _ = try await ask(ada, "second@example.com")
            let second = try await links(server)
            #expect(try await confirm(first["first@example.com"], server).code == "linkInvalid")
            #expect(try await confirm("nonsense", server).code == "linkInvalid")
            server.clock.advance(by: .seconds(86_401))
            #expect(try await confirm(second["second@example.com"], server).code == "linkInvalid")
        }
    }

    @Test("an address that was taken meanwhile stays with who took it")
    func takenMeanwhile() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await ask(ada, "bob@example.com")
            let links = try await links(server)
            _ = try await server.user("bob")
            _ = try await confirm(links["ada@example.com"], server)
            #expect(try await confirm(links["bob@example.com"], server).code == "emailTaken")
            #expect(
                try await server.pool.query("select email from users where id = \(ada.id)", as: String.self)
                    == ["ada@example.com"])
        }
    }
}
