import API
import Crypto
import Foundation
import Protocol
import TestKit
import Testing

@Suite("Access tokens")
struct AccessTokenTests {
    @Test("an expired token is refused as expired")
    func expired() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            server.clock.advance(by: .seconds(15 * 60))
            let answer = try await ada.client.send("POST", "/v1/auth/logout")
            #expect(answer.status == 401)
            #expect(answer.code == "tokenExpired")
            #expect(answer[header: "www-authenticate"] == "Bearer")
        }
    }

    @Test("tampered, foreign, unsigned and misshapen tokens are refused")
    func forged() async throws {
        try await RESTServer.run { server in
            let token = try await server.user("ada").tokens.accessToken
            let parts = token.split(separator: ".").map(String.init)
            func base64(_ text: String) -> String { Data(text.utf8).base64URL }
            let claims = try #require(Data(base64URL: parts[1]).map { String(decoding: $0, as: UTF8.self) })
            let admin = base64(claims.replacing(#""user""#, with: #""admin""#))
            let foreign = Curve25519.Signing.PrivateKey()
            let signature = try foreign.signature(for: Data("\(parts[0]).\(parts[1])".utf8))
            let forgeries = [
                "", "a.b", "a.b.c", "....", "\(parts[0]).\(admin).\(parts[2])",
                "\(base64(#"{"alg":"none"}"#)).\(parts[1]).", "\(base64(#"{"alg":"HS256"}"#)).\(parts[1]).\(parts[2])",
                "\(parts[0]).\(parts[1]).\(Data(signature).base64URL)", token + "A", String(token.dropLast(4)),
                String(repeating: "a", count: 5000),
            ]
            for forgery in forgeries {
                #expect(throws: TokenFault.invalid) { try server.tokens.verify(forgery) }
                let client = RESTClient(port: server.port, token: forgery)
                #expect(try await client.send("POST", "/v1/auth/logout").code == "unauthenticated")
            }
        }
    }

    @Test("the published keys verify a token")
    func publishedKeys() async throws {
        try await RESTServer.run { server in
            let token = try await server.user("ada").tokens.accessToken
            let answer = try await server.client.get("/.well-known/jwks.json")
            #expect(answer.status == 200)
            let key = try #require(try answer.json["keys"]?.array?.first)
            #expect(key["kty"]?.string == "OKP")
            #expect(key["d"] == nil)
            let bytes = try #require(Data(base64URL: key["x"]?.string ?? ""))
            let parts = token.split(separator: ".")
            let isValid = try Curve25519.Signing.PublicKey(rawRepresentation: bytes).isValidSignature(
                try #require(Data(base64URL: parts[2])), for: Data("\(parts[0]).\(parts[1])".utf8))
            #expect(isValid)
        }
    }

    @Test("the signing key is made once, private to its owner, and read again")
    func keyFile() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUIDv7.make())")
        defer { try? FileManager.default.removeItem(at: directory) }  // a left-over directory harms nobody
        let made = try SigningKeys(directory: directory, now: .now)
        let file = try #require(FileManager.default.contentsOfDirectory(atPath: directory.path).first)
        let path = directory.appendingPathComponent(file).path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try SigningKeys(directory: directory, now: .now).signing.id == made.signing.id)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: SigningKeys.Fault.self) { try SigningKeys(directory: directory, now: .now) }
    }

    @Test("after a rotation the old key still verifies and the new one signs")
    func rotation() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUIDv7.make())")
        defer { try? FileManager.default.removeItem(at: directory) }  // a left-over directory harms nobody
        let old = try SigningKeys(directory: directory, now: .now)
        let identity = Identity(
            userId: .make(), sid: .make(), expiresAt: Timestamp(milliseconds: 4_000_000_000_000), isVerified: true,
            role: .user)
        let token = try TokenIssuer(keys: old).issue(identity, at: .now)
        let later = directory.appendingPathComponent("9999999999999.key")
        let raw = Curve25519.Signing.PrivateKey().rawRepresentation.base64EncodedData()
        let isWritten = FileManager.default.createFile(
            atPath: later.path, contents: raw, attributes: [.posixPermissions: 0o600])
        #expect(isWritten)
        let both = try SigningKeys(directory: directory, now: .now)
        #expect(both.signing.id != old.signing.id)
        try await TestPostgres.withDatabase { database in
            let revoked = RevokedSessions(pool: database.pool, logger: .silent)
            let verifier = TokenVerifier(keys: both, revoked: revoked, now: { .now })
            let verified = try verifier.verify(token)
            #expect(verified == identity)
        }
    }
}
