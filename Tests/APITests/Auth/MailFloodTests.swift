import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

/// What a stranger can have sent to an address that is not theirs.
@Suite("Mails that strangers cause")
struct MailFloodTests {
    private let victim = "victim@example.com"

    private func register(_ name: String, _ email: String, _ server: RESTServer) async throws -> TestUser {
        server.clock.advance(by: .milliseconds(1))
        let body = RegisterRequest(email: email, username: name, password: RESTServer.password, displayName: name)
        let answer: SignedIn = try await server.client.post("/v1/auth/register", body).decoded()
        return TestUser(
            account: answer.user, tokens: answer.tokens, client: server.client(token: answer.tokens.accessToken))
    }

    private func move(_ user: TestUser, to email: String, _ server: RESTServer) async throws {
        server.clock.advance(by: .milliseconds(1))
        let body = EmailChangeRequest(email: email, password: RESTServer.password)
        #expect(try await user.client.put("/v1/auth/email", body).status == 202)
        try await server.runJobs()
    }

    @Test("an address is asked to confirm five times an hour, however often the change begins anew")
    func oneAccount() async throws {
        try await RESTServer.run(adjust: { $0.accessTokenLifetime = .seconds(2 * 3600) }) { server in
            let ada = try await server.user("ada")
            for _ in 0..<8 { try await move(ada, to: victim, server) }
            #expect(try await server.subjects(to: victim).count == 5)
            // Neither does another target begin the count anew.
            try await move(ada, to: "another@example.com", server)
            #expect(try await server.subjects(to: "another@example.com").isEmpty)
            server.clock.advance(by: .seconds(3601))
            try await move(ada, to: victim, server)
            #expect(try await server.subjects(to: victim).count == 6)
        }
    }

    @Test("so it is from many accounts together")
    func manyAccounts() async throws {
        try await RESTServer.run { server in
            for number in 0..<8 {
                try await move(try await server.user("user_\(number)"), to: victim, server)
            }
            #expect(try await server.subjects(to: victim).count == 5)
            server.clock.advance(by: .seconds(3601))
            try await move(try await server.user("user_9"), to: victim, server)
            #expect(try await server.subjects(to: victim).count == 6)
        }
    }

    @Test("who registers with an address, moves away and registers again has no more sent there")
    func registrations() async throws {
        try await RESTServer.run { server in
            for number in 0..<8 {
                let user = try await register("user_\(number)", victim, server)
                try await move(user, to: "user_\(number)@example.com", server)
                let link = try await server.secret("/v1/auth/confirm-email?", to: "user_\(number)@example.com")
                #expect(try await server.client.post("/v1/auth/confirm-email", ["token": link]).status == 200)
            }
            let subjects = try await server.subjects(to: victim)
            #expect(subjects.filter { $0 == "Verify your email address" }.count == 5)
            #expect(subjects.count <= 10)
        }
    }

    @Test("who asks for the verification again is told when the address can get another mail, whoever caused others")
    func askedAgain() async throws {
        try await RESTServer.run { server in
            for number in 0..<5 {
                let user = try await register("user_\(number)", victim, server)
                try await move(user, to: "user_\(number)@example.com", server)
                let link = try await server.secret("/v1/auth/confirm-email?", to: "user_\(number)@example.com")
                #expect(try await server.client.post("/v1/auth/confirm-email", ["token": link]).status == 200)
            }
            let last = try await register("last", victim, server)
            try await server.runJobs()
            let path = "/v1/auth/resend-verification"
            let refused = try await last.client.send("POST", path)
            #expect(refused.code == "tooManyRequests")
            let seconds = try #require(refused[header: "retry-after"].flatMap { Int($0) })
            #expect(3590...3600 ~= seconds)
            server.clock.advance(by: .seconds(Int64(seconds)))
            let renewed: SignedIn = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "last", password: RESTServer.password)
            ).decoded()
            let before = try await server.subjects(to: victim).count
            #expect(try await server.client(token: renewed.tokens.accessToken).send("POST", path).status == 202)
            try await server.runJobs()
            #expect(try await server.subjects(to: victim).count == before + 1)
        }
    }

    @Test("notices to an address that nobody verified are five an hour, whatever they are about")
    func notices() async throws {
        try await RESTServer.run { server in
            let stranger = try await register("stranger", victim, server)
            var password = RESTServer.password
            for number in 0..<4 {
                let next = "an-entirely-new-\(number)-secret"
                let change = PasswordChangeRequest(currentPassword: password, newPassword: next)
                #expect(try await stranger.client.put("/v1/auth/password", change).status == 204)
                password = next
            }
            for _ in 0..<4 {
                let login: SignedIn = try await server.client.post(
                    "/v1/auth/login", LoginRequest(login: "stranger", password: password)
                ).decoded()
                let deletion = try await server.client(token: login.tokens.accessToken)
                    .send("DELETE", "/v1/users/account", json: JSONEncoder().encode(["password": password]))
                #expect(deletion.status == 202)
            }
            let subjects = try await server.subjects(to: victim).filter { $0 != "Verify your email address" }
            #expect(subjects.count == 5)
        }
    }

    @Test("an address that is verified hears of every change of the password, however many there are")
    func everyPassword() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            var password = RESTServer.password
            for number in 0..<8 {
                let next = "an-entirely-new-\(number)-secret"
                let change = PasswordChangeRequest(currentPassword: password, newPassword: next)
                #expect(try await ada.client.put("/v1/auth/password", change).status == 204)
                password = next
            }
            let subjects = try await server.subjects(to: "ada@example.com")
            #expect(subjects.filter { $0 == "Your password was changed" }.count == 8)
        }
    }

    @Test("and of every change of the address, however many have the same old one")
    func everyAddress() async throws {
        try await RESTServer.run(adjust: { $0.accessTokenLifetime = .seconds(5 * 3600) }) { server in
            let ada = try await server.user("ada")
            for number in 0..<7 {
                // Of a kind of link five mails an hour go out; notices all fall into one.
                for (old, new) in [("ada@example.com", "new@example.com"), ("new@example.com", "ada@example.com")] {
                    try await server.pool.execute("delete from sent_mails where kind like 'confirm%'")
                    try await server.pool.execute("delete from mail_links")
                    try await move(ada, to: new, server)
                    for address in [old, new] {
                        let link = try await server.secret("/v1/auth/confirm-email?", to: address)
                        #expect(try await server.client.post("/v1/auth/confirm-email", ["token": link]).status == 200)
                    }
                }
                let subjects = try await server.subjects(to: "ada@example.com")
                #expect(subjects.filter { $0 == "Your email address was changed" }.count == number + 1)
            }
        }
    }

    @Test("many notices of one kind don't keep another kind from an address that is verified")
    func kinds() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            for _ in 0..<8 {
                let login: SignedIn = try await server.client.post(
                    "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password)
                ).decoded()
                let deletion = try await server.client(token: login.tokens.accessToken).send(
                    "DELETE", "/v1/users/account", json: JSONEncoder().encode(["password": RESTServer.password]))
                #expect(deletion.status == 202)
            }
            let change = PasswordChangeRequest(
                currentPassword: RESTServer.password, newPassword: "an-entirely-new-secret")
            let login: SignedIn = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password)
            ).decoded()
            #expect(
                try await server.client(token: login.tokens.accessToken).put("/v1/auth/password", change).status == 204)
            let subjects = try await server.subjects(to: ada.account.email)
            #expect(subjects.filter { $0 == "Your account will be erased" }.count == 5)
            #expect(subjects.filter { $0 == "Your account stays" }.count == 5)
            #expect(subjects.contains("Your password was changed"))
        }
    }

    @Test("an address that nobody has shown to read gets no word of whoever gave it")
    func strangersWords() async throws {
        try await RESTServer.run { server in
            let words = "Win at evil.example"
            let body = RegisterRequest(
                email: victim, username: "mal", password: RESTServer.password, displayName: words)
            #expect(try await server.client.post("/v1/auth/register", body).status == 201)
            #expect(try await server.client.post("/v1/auth/forgot-password", ["email": victim]).status == 202)
            try await server.runJobs()
            let mails = try await server.mails.filter { $0.contains("To: <\(victim)>") }
            #expect(mails.count == 2 && mails.allSatisfy { !$0.contains("evil") && $0.contains("Hello,") })
        }
    }
}
