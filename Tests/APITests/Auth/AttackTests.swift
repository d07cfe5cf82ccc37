import Crypto
import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// What an attacker tries at the door, beyond what the suites of each way in hold.
@Suite("Attacks on accounts")
struct AttackTests {
    private static func base64(_ text: String) -> String { Data(text.utf8).base64URL }

    @Test(
        "a token is believed only with our algorithm and a key of ours by its id, however well it is signed",
        arguments: [
            #"{"alg":"EdDSA","kid":"another","typ":"JWT"}"#, #"{"alg":"EdDSA","typ":"JWT"}"#,
            #"{"alg":"EdDSA","kid":7}"#, #"{"alg":"none","kid":"KID"}"#, #"{"alg":"None","kid":"KID"}"#,
            #"{"alg":"HS256","kid":"KID"}"#, #"{"alg":"ES256","kid":"KID"}"#, #"{"alg":"eddsa","kid":"KID"}"#,
            #"{"kid":"KID"}"#, #"{"alg":"EdDSA","kid":"KID","crit":["exp"]}"#, #"[]"#, "",
        ])
    func wrongHeader(header: String) async throws {
        try await RESTServer.run { server in
            let token = try await server.user("ada").tokens.accessToken
            let claims = token.split(separator: ".")[1]
            let head = Self.base64(header.replacing("KID", with: server.keys.signing.id))
            // Signed by our very own key: nothing but the header is wrong.
            let signature = try server.keys.signing.privateKey.signature(for: Data("\(head).\(claims)".utf8))
            for ending in [Data(signature).base64URL, ""] {
                let forged = "\(head).\(claims).\(ending)"
                #expect(throws: TokenFault.invalid) { try server.tokens.verify(forged) }
                let answer = try await server.client(token: forged).get("/v1/users/profile")
                #expect(answer.code == "unauthenticated")
            }
        }
    }

    @Test("a token that is signed with the published key as a shared secret is refused")
    func confusedKey() async throws {
        try await RESTServer.run { server in
            let claims = try await server.user("ada").tokens.accessToken.split(separator: ".")[1]
            let head = Self.base64(#"{"alg":"HS256","kid":"\#(server.keys.signing.id)","typ":"JWT"}"#)
            let published = server.keys.signing.privateKey.publicKey.rawRepresentation
            let code = HMAC<SHA256>.authenticationCode(
                for: Data("\(head).\(claims)".utf8), using: SymmetricKey(data: published))
            let forged = "\(head).\(claims).\(Data(code).base64URL)"
            #expect(throws: TokenFault.invalid) { try server.tokens.verify(forged) }
        }
    }

    @Test(
        "claims that were altered after signing are refused, and so are signed ones that make no sense",
        arguments: ["sub", "exp", "role", "verified", "sid", "iss"])
    func claims(name: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada", isVerified: false)
            let parts = ada.tokens.accessToken.split(separator: ".").map(String.init)
            let data = try #require(Data(base64URL: parts[1]))
            var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            object[name] =
                switch name {
                case "sub", "sid": UUIDv7.make().description
                case "exp": 4_000_000_000
                case "role": "admin"
                case "verified": true
                default: "another"
                }
            let altered = try JSONSerialization.data(withJSONObject: object).base64URL
            #expect(throws: TokenFault.invalid) { try server.tokens.verify("\(parts[0]).\(altered).\(parts[2])") }
            object[name] = name == "verified" ? nil : NSNull()
            let senseless = try JSONSerialization.data(withJSONObject: object).base64URL
            let signature = try server.keys.signing.privateKey.signature(for: Data("\(parts[0]).\(senseless)".utf8))
            let signed = "\(parts[0]).\(senseless).\(Data(signature).base64URL)"
            if name == "verified" {
                #expect(try server.tokens.verify(signed).isVerified == false)
            } else {
                #expect(throws: TokenFault.invalid) { try server.tokens.verify(signed) }
            }
        }
    }

    @Test("one address that guesses at many accounts waits, longer each time; another address does not")
    func addressDelay() async throws {
        try await RESTServer.run(adjust: { configuration in
            configuration.loginDelays.freeForAddress = 3
            configuration.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
        }) { server in
            _ = try await server.user("ada")
            func attempt(_ login: String, _ password: String, from address: String) async throws -> RESTAnswer {
                try await server.client.post(
                    "/v1/auth/login", LoginRequest(login: login, password: password),
                    headers: [("X-Forwarded-For", address)])
            }
            for name in ["bob", "carl", "dora"] {
                #expect(try await attempt(name, "wrong", from: "192.0.2.1").status == 401)
            }
            let paused = try await attempt("ada", RESTServer.password, from: "192.0.2.1")
            #expect(paused.status == 429)
            #expect(paused[header: "retry-after"] == "1")
            #expect(try await attempt("ada", RESTServer.password, from: "192.0.2.2").status == 200)
            server.clock.advance(by: .seconds(1))
            #expect(try await attempt("erna", "wrong", from: "192.0.2.1").status == 401)
            #expect(try await attempt("frank", "wrong", from: "192.0.2.1")[header: "retry-after"] == "2")
            server.clock.advance(by: .seconds(2))
            #expect(try await attempt("ada", RESTServer.password, from: "192.0.2.1").status == 200)
        }
    }

    @Test("who has not verified the address may neither ask for friendship nor answer, until they have")
    func unverified() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob", isVerified: false))
            #expect(
                try await ada.client.post("/v1/users/friends/request", FriendRequestBody(userId: bob.id)).status == 201)
            let answer = FriendAnswerBody(action: .accept)
            let path = "/v1/users/friends/\(ada.id)"
            #expect(try await bob.client.put(path, answer).code == "emailUnverified")
            let asked = try await bob.client.post("/v1/users/friends/request", FriendRequestBody(userId: ada.id))
            #expect(asked.code == "emailUnverified")
            #expect(try await server.pool.query("select state from friendships", as: String.self) == ["requested"])
            try await server.pool.execute("update users set verified_at = created_at where id = \(bob.id)")
            #expect(try await bob.client.put(path, answer).status == 200)
        }
    }
}
