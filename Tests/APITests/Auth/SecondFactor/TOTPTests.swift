import Foundation
import Protocol
import TestKit
import Testing

@testable import API

@Suite("Codes of an authenticator app")
struct TOTPTests {
    private let secret = Data("12345678901234567890".utf8)

    @Test(
        "codes are those of RFC 6238, appendix B, cut to six digits",
        arguments: [
            (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
            (2_000_000_000, "279037"), (20_000_000_000, "353130"),
        ] as [(Int64, String)])
    func vectors(seconds: Int64, code: String) {
        let time = Timestamp(milliseconds: seconds * 1000)
        #expect(TOTP.code(secret, step: TOTP.step(at: time)) == code)
    }

    @Test("a code counts a step before and after its own, and once")
    func window() {
        let time = Timestamp(milliseconds: 1_111_111_111_000)
        let now = TOTP.step(at: time)
        for (steps, isTaken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] as [(Int64, Bool)] {
            let code = TOTP.code(secret, step: now + steps)
            #expect((TOTP.step(of: code, secret, at: time, after: 0) == now + steps) == isTaken)
            #expect(TOTP.step(of: code, secret, at: time, after: now + steps) == nil)
        }
    }

    @Test("the secret is written as RFC 4648 has it, and the address as apps read it")
    func texts() {
        #expect(Base32.text(Data("foobar".utf8)) == "MZXW6YTBOI")
        #expect(Base32.bytes("MZXW6YTBOI") == Data("foobar".utf8))
        #expect(
            TOTP.address(secret, account: "ada")
                == "otpauth://totp/FitAI%3Aada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=FitAI&algorithm=SHA1"
                + "&digits=6&period=30")
    }

    @Test("a recovery code is read with and without dashes, in any case, and nothing else is one")
    func recovery() throws {
        let code = RecoveryCode()
        #expect(code.text.count == 19)
        for typed in [code.text, code.text.uppercased(), code.text.replacing("-", with: "")] {
            #expect(RecoveryCode(typed)?.hash == code.hash)
        }
        for typed in ["123456", "", "aaaa-bbbb-cccc-ddd1", String(code.text.dropLast()), "\u{212A}aaa-bbbb-cccc-dddd"] {
            #expect(RecoveryCode(typed) == nil)
        }
    }

    @Test("an identity that is to join comes back from a challenge as it was", arguments: [1, 7, 8, 9, 16, 254, 255])
    func joining(bytes: Int) {
        let seal = Seal(SigningKeys(), purpose: "sign-in challenge")
        let time = Timestamp(milliseconds: 1_111_111_111_000)
        for provider in ProviderProfile.Provider.allCases {
            let subjects = [String(repeating: "7", count: bytes), String(repeating: "é", count: bytes / 2)]
            for subject in subjects where !subject.isEmpty {
                let identity = ProviderIdentity(provider: provider, subject: subject)
                let evidence = SignInChallenge.Evidence.joining(identity, email: "ada@example.com")
                let challenge = SignInChallenge(for: .make(), evidence, at: time)
                let read = SignInChallenge(challenge.text(seal), seal, at: time)
                #expect(read?.joining == identity)
                #expect(read?.isProved(by: evidence) == true)
                #expect(read?.isProved(by: .joining(identity, email: "bob@example.com")) == false)
                #expect(read?.isProved(by: .identity(identity)) == false)
            }
        }
    }

    @Test("texts that are no challenge are none, whatever they hold", arguments: [false, true])
    func hostileChallenges(joins: Bool) {
        let seal = Seal(SigningKeys(), purpose: "sign-in challenge")
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(state: seed)
        let time = Timestamp(milliseconds: 1_111_111_111_000)
        let identity = ProviderIdentity(provider: .github, subject: "1234567890")
        let challenge = SignInChallenge(
            for: .make(), joins ? .joining(identity, email: "a@b.c") : .password(hash: "x"), at: time)
        let good = challenge.text(seal)
        #expect(SignInChallenge(good, seal, at: time + .seconds(300))?.user == challenge.user)
        #expect(SignInChallenge(good, seal, at: time + .seconds(301)) == nil)
        #expect(SignInChallenge(good, seal, at: time - .seconds(1)) == nil)
        for round in 0..<100_000 {
            var bytes = Array(good.utf8)
            let place = Int.random(in: bytes.indices, using: &random)
            switch round % 3 {
            case 0: bytes[place] = UInt8.random(in: 33...126, using: &random)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + 3))
            default: bytes = (0..<bytes.count).map { _ in UInt8.random(in: 33...126, using: &random) }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let read = SignInChallenge(text, seal, at: time) else { continue }
            // Base64 leaves a few bits of the last letter open: such a text says the same.
            #expect(read.text(seal) == good, "seed \(seed)")
        }
    }
}
