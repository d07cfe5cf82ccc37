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
}
