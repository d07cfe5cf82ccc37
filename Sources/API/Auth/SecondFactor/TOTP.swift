import Crypto
import Foundation
import Protocol

/// Codes of an authenticator app (RFC 6238 over RFC 4226): HMAC-SHA-1, six digits, a new one every 30 seconds.
enum TOTP {
    /// As long as the hash, as RFC 4226 recommends.
    static let secretBytes = 20
    static let stepSeconds: Int64 = 30
    private static let digits = 6

    static func newSecret() -> Data { Data(OpaqueSecret.randomBytes(secretBytes)) }

    /// The code of a step.
    static func code(_ secret: Data, step: Int64) -> String {
        let counter = withUnsafeBytes(of: step.bigEndian) { Data($0) }
        let hash = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret)))
        // Dynamic truncation: the last byte says where four bytes are taken from.
        let start = Int(hash[hash.count - 1] & 0x0F)
        let number = hash[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(number % 1_000_000)
        return String(repeating: "0", count: digits - text.count) + text
    }

    static func step(at time: Timestamp) -> Int64 { time.milliseconds / 1000 / stepSeconds }

    /// The step whose code this is, within one of now and later than the last that was taken; nil for any other code.
    static func step(of code: String, _ secret: Data, at time: Timestamp, after last: Int64) -> Int64? {
        let now = step(at: time)
        return [now - 1, now, now + 1].first { step in
            step > last && isEqual(TOTP.code(secret, step: step), code)
        }
    }

    /// What authenticator apps read, as text or from a picture of it.
    static func address(_ secret: Data, account: String) -> String {
        let label = FormBody.text([("", "FitAI:\(account)")]).dropFirst()
        return "otpauth://totp/\(label)?"
            + FormBody.text([
                ("secret", Base32.text(secret)), ("issuer", "FitAI"), ("algorithm", "SHA1"), ("digits", "6"),
                ("period", "30"),
            ])
    }

    /// Takes the same time wherever the two differ.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        return left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Base 32 (RFC 4648), without padding.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var (text, buffer, bits) = ("", UInt32(0), 0)
        for byte in bytes {
            buffer = buffer << 8 & 0xFFFF | UInt32(byte)
            bits += 8
            while bits >= 5 {
                text.append(alphabet[Int(buffer >> (bits - 5) & 31)])
                bits -= 5
            }
        }
        if bits > 0 { text.append(alphabet[Int(buffer << (5 - bits) & 31)]) }
        return text
    }
}
