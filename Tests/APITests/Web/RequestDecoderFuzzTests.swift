import Crypto
import Foundation
import HTTPTypes
import Protocol
import TestKit
import Testing

@testable import API

/// What routes read of a request ends no process, whatever it is, and costs what its size is worth.
@Suite("Fuzz of the decoders of requests", .serialized)
struct RequestDecoderFuzzTests {
    private static let now = Timestamp(milliseconds: 1_763_805_600_000)

    private func facts(_ name: HTTPField.Name, _ value: String) -> RequestFacts {
        var headers = HTTPFields()
        headers[name] = value
        return RequestFacts(
            id: "1", method: .get, path: "/", query: value, headers: headers, address: "127.0.0.1",
            receivedAt: Self.now)
    }

    @Test("cursors: only what was made here is one, and its keys are within their bounds")
    func cursors() async throws {
        let seal = Seal(SigningKeys(), purpose: "cursor")
        let keys: [Cursor.Key] = [.integer, .time, .id, .text]
        let cursor = Cursor(after: "12", Self.now.rfc3339, UUIDv7.make().description, "Squat")
        let body = try #require(Data(base64URL: cursor.text(list: "list", seal: seal))).dropFirst(Seal.tagBytes)
        try await DecoderFuzz("cursors", samples: [Array(body)], mostBytes: 200).run { input, random in
            // Under a wrong seal, and behind the seal too.
            let tag = random.chance(in: 4) ? [UInt8](repeating: 7, count: Seal.tagBytes) : seal.tag(of: input)
            let text = Data(tag + input).base64URL
            guard let cursor = Cursor(text, list: "list", keys: keys, seal: seal) else { return }
            #expect(seal.isTag(tag, of: input))
            let (integer, time) = (try cursor.integer(0), try cursor.time(1))
            #expect(Cursor.integers.contains(integer))
            #expect(Timestamp.calendar.contains(time))
        }
    }

    @Test("cookies of a sign-in and of a session: none ends the process, and those of other times are no attempt")
    func cookies() async throws {
        let secret = OpaqueSecret().text
        let texts = [
            "fitai_sign_in_google=\(secret).\(Self.now.milliseconds).Lw", "fitai_sign_in_google=\(secret).-9.L3dvcms",
            "a=b; fitai_refresh=\(secret); fitai_sign_in_github=\(secret).\(Self.now.milliseconds).Lw",
        ]
        try await DecoderFuzz("cookies", texts: texts, mostBytes: 250).run { input, _ in
            let facts = facts(.cookie, String(decoding: input, as: UTF8.self))
            let cookie = facts.cookie("fitai_sign_in_google")
            if let attempt = SignInAttempt(by: .google, cookie, at: Self.now) {
                #expect(ReturnPath.isOurs(attempt.returnTo))
            }
            if let token = facts.cookie("fitai_refresh") { _ = OpaqueSecret(token) }
        }
    }

    @Test("access tokens: whatever their claims say under our own signature, they are believed or refused")
    func accessTokens() async throws {
        let keys = SigningKeys()
        let identity = Identity(
            userId: .make(), sid: .make(), expiresAt: Self.now + .seconds(900), isVerified: true, role: .user)
        let token = try TokenIssuer(keys: keys).issue(identity, at: Self.now)
        let parts = token.split(separator: ".")
        let claims = Array(try #require(Data(base64URL: parts[1])))
        try await TestPostgres.withDatabase { database in
            let revoked = RevokedSessions(pool: database.pool, logger: .silent)
            let verifier = TokenVerifier(keys: keys, revoked: revoked, now: { Self.now })
            try await DecoderFuzz("access tokens", samples: [claims], mostBytes: 300).run { input, random in
                let signed = "\(parts[0]).\(Data(input).base64URL)"
                // Signing takes longer than reading.
                let signature =
                    random.chance(in: 20) ? try keys.signing.privateKey.signature(for: Data(signed.utf8)) : Data([1])
                do throws(TokenFault) {
                    let identity = try verifier.verify("\(signed).\(signature.base64URL)")
                    #expect(identity.expiresAt > Self.now && Timestamp.calendar.contains(identity.expiresAt))
                } catch {
                    // A refusal is the usual outcome.
                }
            }
        }
    }

    @Test("id_tokens: whatever the times of a provider say, no sum of them ends the process")
    func idTokens() async throws {
        let key = P256.Signing.PrivateKey()
        let header = Data(#"{"alg":"ES256","kid":"1"}"#.utf8).base64URL
        let seconds = Self.now.milliseconds / 1000
        let texts = [
            #"{"iss":"https://p.example","aud":"us","exp":\#(seconds + 60),"iat":\#(seconds),"nonce":"n","sub":"1"}"#,
            #"{"iss":"https://p.example","aud":["us"],"exp":\#(seconds).5,"iat":-1,"nonce":"n","sub":"1"}"#,
        ]
        let expected = IDToken.Expectation(issuer: "https://p.example", audience: "us", nonce: "n", at: Self.now)
        try await DecoderFuzz("id_tokens", texts: texts, mostBytes: 250).run { input, random in
            let signed = "\(header).\(Data(input).base64URL)"
            let signature =
                random.chance(in: 20)
                ? try key.signature(for: Data(signed.utf8)).rawRepresentation : Data(repeating: 1, count: 64)
            // A refusal is the usual outcome.
            _ = try? IDToken("\(signed).\(signature.base64URL)").claims(signedBy: .es256(key.publicKey), expected)
        }
    }

    @Test("headers and queries: every value is understood or passed over")
    func headers() async throws {
        let texts = [
            "203.0.113.7, 10.0.0.1, ::1", "10.0.0.0/8", "W/\"abc\", \"def\"", "bytes=0-499,-500", "text/html;q=0.8,*/*",
            "multipart/form-data; boundary=\"a\\\"b\"; charset=utf-8", "gzip;q=0.5, br;q=nan, *;q=0", "Bearer a.b.c",
            "limit=20&cursor=abc&fields=id,name&q=%F0%9F%8F%8B+a", "application/json; charset=UTF-8",
        ]
        let client = ClientAddress(trusted: [AddressRange("10.0.0.0/8"), AddressRange("::1")].compactMap(\.self))
        let tag = EntityTag("abc")
        let seal = Seal(SigningKeys(), purpose: "cursor")
        try await DecoderFuzz("headers", texts: texts, mostBytes: 120).run { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            _ = (client.of(peer: "::1", forwardedFor: text), AddressRange(text), IPAddress.limitKey(of: text))
            #expect(!tag.isNamed(in: text, .strong) || tag.isNamed(in: text, .weak))
            _ = (MediaType(header: text), ContentCoding(accepted: text))
            let facts = facts(.authorization, text)
            _ = (facts.bearerToken, RequestFacts.sane(text), Substring(text).percentDecoded())
            var query = QueryReader(text, seal: seal)
            _ = PageRequest(reading: &query, list: "list", keys: [.integer])
            #expect(query.faults.allSatisfy { $0.pointer.utf8.count <= 4 * 200 })
        }
    }

    @Test("forms: each is taken apart or refused")
    func forms() async throws {
        let form = AvatarFiles.form([1, 2, 3], boundary: "gym")
        try await DecoderFuzz("forms", samples: [Array(form)], mostBytes: 500).run { input, random in
            // A refusal is the usual outcome.
            let parts = try? MultipartForm.parts(of: input, boundary: random.chance(in: 20) ? "" : "gym")
            #expect((parts ?? []).reduce(0) { $0 + $1.content.count } <= input.count)
        }
    }

    @Test("the paths of requests lead to a route or to none")
    func paths() async throws {
        var tree = RouteTree<Int>()
        let paths = [
            "/v1/goals/:id", "/v1/goals/export", "/v1/users/:id/friends", "/v1/templates/:id/versions/:number",
        ]
        for (place, path) in paths.enumerated() {
            let isNew = tree.insert(place, method: "GET", path: path)
            #expect(isNew)
        }
        let texts = ["/v1/goals/export", "/v1/users/%C3%A9%2F/friends", "/v1/templates/a+b/versions/2", "//v1//", "*"]
        let routes = tree
        try await DecoderFuzz("paths", texts: texts, mostBytes: 200).run { input, _ in
            let path = String(decoding: input, as: UTF8.self)
            guard case .found(let match) = routes.find(method: "GET", path: path) else { return }
            #expect(match.parameters.count <= 2)
            #expect(match.parameters.values.allSatisfy { $0.utf8.count <= path.utf8.count })
        }
    }

    @Test("damaged pictures are decoded or refused by libgd too")
    func decoding() async throws {
        let samples = [ImageHeader.Format.jpeg, .png, .webp].map { AvatarFiles.quarters($0, width: 12, height: 9) }
        try await DecoderFuzz("decoding", samples: samples, mostBytes: 2000).run { input, _ in
            // A file may say that it is as large as a picture can be, and then costs that much; here it is small.
            guard let header = try? AvatarPicture.check(input),
                header.width * header.height * max(1, header.passes) <= 20_000
            else { return }
            // A refusal is the usual outcome.
            _ = try? AvatarPicture.make(of: input)
        }
    }

    @Test("whatever an answer holds is compressed")
    func compression() async throws {
        let texts = [#"{"items":[{"id":"019abcde-f012-7345-8678-9abcdef01234","name":"Squat"}]}"#, "", "aaaaaaaaaaaa"]
        try await DecoderFuzz("compression", texts: texts, mostBytes: 300).run { input, random in
            let coding = ContentCoding.allCases[random.below(ContentCoding.allCases.count)]
            #expect(coding.compress(input) != nil)
        }
    }

    @Test("pictures: no header costs more than a few times its size")
    func pictures() async throws {
        let exif = AvatarFiles.exif(6)
        let jpeg = AvatarFiles.jpeg(
            AvatarFiles.quarters(.jpeg, width: 8, height: 8), adding: [(0xE1, Array("Exif\0\0".utf8) + exif)])
        var png = AvatarFiles.quarters(.png, width: 8, height: 8)
        png.insert(contentsOf: AvatarFiles.chunk("eXIf", exif), at: 33)
        let webp = AvatarFiles.quarters(.webp, width: 8, height: 8)
        let extended = Array("RIFF\0\0\0\0WEBPVP8X".utf8) + [10, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 7, 0, 0]
        let size = UInt8(exif.count)
        let chunk = Array("EXIF".utf8) + [size, 0, 0, 0] + exif
        let samples = [jpeg, png, webp, extended + chunk + chunk]
        try await DecoderFuzz("pictures", samples: samples, mostBytes: 1000).run { input, _ in
            var bytes = ImageBytes(input)
            if let header = ImageHeader(&bytes) {
                #expect(header.width > 0 && header.height > 0 && (1...8).contains(header.orientation))
            }
            #expect(bytes.steps <= input.count * ImageBytes.stepsPerByte + ImageBytes.freeSteps + 65_536)
        }
    }
}
