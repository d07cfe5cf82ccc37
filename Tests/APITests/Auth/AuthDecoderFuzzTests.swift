import Crypto
import Foundation
import Protocol
import TestKit
import Testing

@testable import API

/// What providers, browsers and people give for signing in ends no process, whatever it is.
@Suite("Fuzz of the decoders of signing in", .serialized)
struct AuthDecoderFuzzTests {
    private static let now = Timestamp(milliseconds: 1_763_805_600_000)

    @Test("a provider's keys are keys that verify, or are left out")
    func providerKeys() async throws {
        let key = P256.Signing.PrivateKey()
        let point = key.publicKey.rawRepresentation
        let modulus = Data((0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 | 0x81) })
        let rsa = #"{"kty":"RSA","kid":"r","use":"sig","n":"\#(modulus.base64URL)","e":"AQAB"}"#
        let ec =
            #"{"kty":"EC","crv":"P-256","kid":"e","x":"\#(point.prefix(32).base64URL)","#
            + #""y":"\#(point.suffix(32).base64URL)"}"#
        let texts = [#"{"keys":[\#(rsa),\#(ec)]}"#, #"{"keys":[\#(ec)]}"#, #"{"keys":[\#(rsa)]}"#]
        let bytes = Data("a.b".utf8)
        let signatures = [
            try key.signature(for: bytes).rawRepresentation, modulus, Data(repeating: 0xFF, count: 256), Data(),
        ]
        try await DecoderFuzz("a provider's keys", texts: texts, mostBytes: 900).run { input, random in
            guard let document = try? JSONReader.parse(input) else { return }  // refused before
            let keys = ProviderKeys(document)
            for id in ["r", "e", nil] {
                guard let key = keys[id], random.chance(in: 4) else { continue }
                // No key takes what another has signed, or nobody.
                for signature in signatures.dropFirst() { #expect(!key.hasSigned(bytes, signature)) }
                if key.algorithm == "RS256" { #expect(!key.hasSigned(bytes, signatures[0])) }
            }
        }
    }

    @Test("a provider's discovery document gives addresses that may be asked, or none")
    func discovery() async throws {
        let texts = [
            #"{"issuer":"https://p.example","authorization_endpoint":"https://p.example/o/auth?prompt=x","#
                + #""token_endpoint":"https://[2001:db8::1]:8443/token","jwks_uri":"https://keys.p.example/certs/"}"#,
            #"{"issuer":"https://p.example/","authorization_endpoint":"http://127.0.0.1:80","#
                + #""token_endpoint":"http://localhost:65535/t","jwks_uri":"http://[::1]:1/k?a=b"}"#,
        ]
        let issuer = try #require(OutgoingAddress("https://p.example"))
        try await DecoderFuzz("discovery documents", texts: texts, mostBytes: 400).run { input, _ in
            guard let document = try? JSONReader.parse(input),  // refused before
                let endpoints = GoogleSignIn.Endpoints(document, issuer: issuer)
            else { return }
            for address in [endpoints.authorization, endpoints.token, endpoints.keys] {
                #expect((1...65_535).contains(address.port), "\(address)")
                #expect(!address.host.isEmpty && address.path.hasPrefix("/"), "\(address)")
                #expect(address.isEncrypted || ["localhost", "127.0.0.1", "::1"].contains(address.host), "\(address)")
                // They stand in a request's head.
                for text in [address.hostHeader, address.path, address.adding([("a", "b c")])] {
                    #expect(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(text)")
                }
            }
        }
    }

    @Test("what is typed as a code is one of the app, a recovery code, or none")
    func codes() async throws {
        let (recovery, secret) = (RecoveryCode(), TOTP.newSecret())
        let step = TOTP.step(at: Self.now)
        let code = TOTP.code(secret, step: step)
        let typed = [recovery.text, recovery.text.uppercased().replacing("-", with: " "), code]
        try await DecoderFuzz("codes", texts: typed, mostBytes: 60).run { input, random in
            let text = String(decoding: input, as: UTF8.self)
            if let read = RecoveryCode(text) {
                let letters = text.lowercased().filter { $0 != "-" && $0 != " " }
                #expect(letters.utf8.count == 16)
                #expect((read.hash == recovery.hash) == (letters == recovery.text.replacing("-", with: "")))
            }
            // Three codes are reckoned for each.
            guard random.chance(in: 5) else { return }
            let found = TOTP.step(of: text, secret, at: Self.now, after: step - 2)
            #expect(found.map { TOTP.code(secret, step: $0) } ?? text == text)
            #expect(found == nil || abs((found ?? 0) - step) <= 1)
        }
    }

    @Test("a file of peppers holds keys that are long enough, newest first, or none")
    func peppers() async throws {
        let keys = (1...2).map { Data(repeating: $0, count: 32).base64EncodedString() }
        let texts = [keys[0], "# newest first\n\(keys[1])\n\n \(keys[0])\n", "\(keys[0])\r\n\(keys[1])"]
        try await DecoderFuzz("peppers", texts: texts, mostBytes: 200).run { input, _ in
            guard let pepper = PasswordPepper(String(decoding: input, as: UTF8.self)) else { return }
            #expect(pepper[pepper.newest.id]?.id == pepper.newest.id)
            let stored = StoredHash(StoredHash.beginning(pepper) + "$argon2id$x")
            #expect(stored.pepperId == pepper.newest.id && stored.encoded == "$argon2id$x")
            #expect(pepper.newest.mixed("a") != "a")
        }
    }

    @Test("stored hashes are taken apart and put together, whatever they are")
    func storedHashes() async throws {
        let texts = ["$pepper$abcdefgh$argon2id$v=19$m=64,t=1,p=1$c2FsdA$aGFzaA", "$2b$10$abc", "$pepper$"]
        try await DecoderFuzz("stored hashes", texts: texts, mostBytes: 120).run { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            let stored = StoredHash(text)
            let again = (stored.pepperId.map { "$pepper$\($0)" } ?? "") + stored.encoded
            #expect(again.utf8.elementsEqual(text.utf8))
        }
    }

    /// Under a right seal, so that what is behind it is reached.
    @Test("words of ours are a challenge or a device, and what is written of them is read as the same")
    func sealedWords() async throws {
        let seal = Seal(SigningKeys(), purpose: "sign-in challenge")
        let identity = ProviderIdentity(provider: .github, subject: "1234567890")
        var device = DeviceCookie()
        for _ in 0..<3 { device.add(.make(), at: Self.now) }
        let texts = [
            SignInChallenge(for: .make(), .password(hash: "x"), at: Self.now).text(seal),
            SignInChallenge(for: .make(), .joining(identity, email: "a@b.c"), at: Self.now).text(seal),
            device.text(seal),
        ]
        let bodies = try texts.map { Array(try #require(Data(base64URL: $0)).dropFirst(Seal.tagBytes)) }
        try await DecoderFuzz("sealed words", samples: bodies, mostBytes: 400).run { input, random in
            // Most changes leave no whole words.
            let input = random.chance(in: 4) ? input : Array(input.prefix(input.count / 8 * 8))
            let text = Data(seal.tag(of: input) + input).base64URL
            if let written = SignInChallenge(text, seal, at: Self.now)?.text(seal) {
                #expect(SignInChallenge(written, seal, at: Self.now)?.text(seal) == written)
            }
            if let written = DeviceCookie(text, seal)?.text(seal) {
                #expect(DeviceCookie(written, seal)?.text(seal) == written)
            }
        }
    }
}
