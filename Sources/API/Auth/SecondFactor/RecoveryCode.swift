import Crypto
import Foundation

/// A code that stands in once for the authenticator app: 80 random bits, stored hashed.
struct RecoveryCode: Sendable {
    static let count = 10
    private static let bytes = 10

    /// As its owner keeps it: four groups of four.
    let text: String
    let hash: [UInt8]

    /// A new one.
    init() {
        let plain = Base32.text(OpaqueSecret.randomBytes(Self.bytes)).lowercased()
        let groups = stride(from: 0, to: plain.count, by: 4).map { String(plain.dropFirst($0).prefix(4)) }
        text = groups.joined(separator: "-")
        hash = Self.hash(of: plain)
    }

    /// Reads what was typed, with or without its dashes; nil for what can't be one.
    init?(_ typed: String) {
        guard typed.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let plain = typed.lowercased().filter { $0 != "-" && $0 != " " }
        guard plain.utf8.count == 16,
            plain.utf8.allSatisfy({ (97...122).contains($0) || (50...55).contains($0) })
        else { return nil }
        text = typed
        hash = Self.hash(of: plain)
    }

    /// The code is random, so a plain SHA-256 suffices.
    private static func hash(of plain: String) -> [UInt8] { Array(SHA256.hash(data: Data(plain.utf8))) }
}
