import API
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
        try await server.client.get("/v1/auth/confirm-email?token=\(token ?? "")")
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
