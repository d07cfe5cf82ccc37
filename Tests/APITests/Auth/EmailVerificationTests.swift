import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Email verification")
struct EmailVerificationTests {
    private func token(in mail: String) throws -> String {
        let range = try #require(mail.firstRange(of: "?token="))
        return String(mail[range.upperBound...].prefix { !$0.isWhitespace })
    }

    @Test("the mail's link verifies the address, as often as it is followed")
    func link() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            let token = try await token(in: server.mails[0])
            for _ in 0..<2 {
                let answer = try await server.client.get("/v1/auth/verify-email?token=\(token)&utm_source=mail")
                #expect(answer.status == 200)
                #expect(try answer.decoded(as: EmailVerified.self).isVerified)
            }
            let page = try await server.client.get(
                "/v1/auth/verify-email?token=\(token)", headers: [("Accept", "text/html")])
            #expect(page[header: "content-type"] == "text/html; charset=utf-8")
            let verified = try await server.pool.query(
                "select verified_at is not null from users where id = \(ada.id)", as: Bool.self)
            #expect(verified == [true])
        }
    }

    @Test("a browser that opens the link is asked first, so that a look at a mail's links verifies nobody's account")
    func page() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            let token = try await token(in: server.mails[0])
            let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]
            func isVerified() async throws -> Bool? {
                try await server.pool.first(
                    "select verified_at is not null from users where id = \(ada.id)", as: Bool.self)
            }
            for _ in 0..<2 {
                let page = try await server.client.get("/v1/auth/verify-email?token=\(token)", headers: browser)
                #expect(page.status == 200 && page.text.contains("@ada") && page.text.contains("value=\"\(token)\""))
                #expect(try await isVerified() == false)
            }
            for _ in 0..<2 {
                let done = try await server.client.sendForm("/v1/auth/verify-email", "token=\(token)")
                #expect(done.status == 200 && done.text.contains("Your email address is verified"))
            }
            #expect(try await isVerified() == true)
            let again = try await server.client.get("/v1/auth/verify-email?token=\(token)", headers: browser)
            #expect(again.text.contains("Your email address is verified"))
            let program = try await server.client.post("/v1/auth/verify-email", ConfirmEmailRequest(token: token))
            #expect(try program.decoded(as: EmailVerified.self).isVerified)
            #expect(try await server.client.post("/v1/auth/verify-email", ["token": "x"]).code == "linkInvalid")
        }
    }

    @Test("a link that is old, foreign or missing verifies nothing")
    func badLink() async throws {
        try await RESTServer.run { server in
            _ = try await server.user("ada", isVerified: false)
            let token = try await token(in: server.mails[0])
            server.clock.advance(by: .seconds(24 * 3600 + 1))
            #expect(try await server.client.get("/v1/auth/verify-email?token=\(token)").code == "linkInvalid")
            #expect(try await server.client.get("/v1/auth/verify-email?token=abc").status == 400)
            #expect(try await server.client.get("/v1/auth/verify-email").status == 422)
        }
    }

    @Test("the mail can be sent again until the address is verified")
    func resend() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            #expect(try await server.mails.count == 1)
            #expect(try await ada.client.send("POST", "/v1/auth/resend-verification").status == 202)
            let mails = try await server.mails
            #expect(mails.count == 2)
            _ = try await server.client.get("/v1/auth/verify-email?token=\(try token(in: mails[1]))")
            #expect(try await ada.client.send("POST", "/v1/auth/resend-verification").status == 202)
            #expect(try await server.mails.count == 2)
        }
    }

    @Test("whoever has been sent five mails within an hour is told when there will be another, and gets it then")
    func bounded() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            #expect(try await server.mails.count == 1)
            server.clock.advance(by: .seconds(600))
            for count in 2...5 {
                #expect(try await ada.client.send("POST", "/v1/auth/resend-verification").status == 202)
                #expect(try await server.mails.count == count)
            }
            let refused = try await ada.client.send("POST", "/v1/auth/resend-verification")
            #expect(refused.code == "tooManyRequests")
            // An hour after the first of the five.
            let seconds = try #require(refused[header: "retry-after"].flatMap { Int($0) })
            #expect(2990...3000 ~= seconds)
            #expect(try await server.mails.count == 5)
            server.clock.advance(by: .seconds(Int64(seconds)))
            let renewed = try await server.client.post(
                "/v1/auth/login", LoginRequest(login: "ada", password: RESTServer.password)
            ).decoded(as: SignedIn.self)
            let client = server.client(token: renewed.tokens.accessToken)
            #expect(try await client.send("POST", "/v1/auth/resend-verification").status == 202)
            #expect(try await server.mails.count == 6)
        }
    }
}
