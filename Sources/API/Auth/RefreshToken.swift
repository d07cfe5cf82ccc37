import Crypto
import Foundation

/// An opaque secret of 256 random bits; only its hash is stored.
package struct OpaqueSecret: Sendable {
    /// What the client keeps.
    package let text: String
    /// What the database keeps; the secret is random, so a plain SHA-256 suffices.
    package let hash: [UInt8]

    /// A new secret.
    package init() {
        self.init(bytes: Data(Self.randomBytes(32)))
    }

    static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Reads a secret that a client sent; nil for text that cannot be one.
    package init?(_ text: String) {
        guard text.utf8.count <= 64, let bytes = Data(base64URL: text), bytes.count == 32 else { return nil }
        self.init(bytes: bytes)
    }

    private init(bytes: Data) {
        text = bytes.base64URL
        hash = Array(SHA256.hash(data: bytes))
    }
}
