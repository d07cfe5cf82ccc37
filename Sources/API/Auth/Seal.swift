import Crypto
import Foundation

/// Authenticates what clients keep for us (cursors, cookies, challenges) with a secret of one purpose.
///
/// A tag is HMAC-SHA256, cut to 16 bytes (RFC 2104, section 5). The newest secret makes tags, every secret checks them.
package struct Seal: Sendable {
    package static let tagBytes = 16

    /// Newest first, never empty.
    private let secrets: [SymmetricKey]

    package init(_ keys: SigningKeys, purpose: String) { secrets = keys.secrets(for: purpose) }

    package func tag(of bytes: some DataProtocol) -> [UInt8] { Seal.tag(of: bytes, secrets[0]) }

    /// Whether the tag was made here for these bytes; takes the same time wherever the two differ.
    package func isTag(_ tag: some Collection<UInt8>, of bytes: some DataProtocol) -> Bool {
        guard tag.count == Seal.tagBytes else { return false }
        return secrets.reduce(false) { isFound, secret in
            let difference = zip(Seal.tag(of: bytes, secret), tag).reduce(0) { $0 | ($1.0 ^ $1.1) }
            return difference == 0 || isFound
        }
    }

    private static func tag(of bytes: some DataProtocol, _ secret: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: secret).prefix(tagBytes))
    }
}

extension SigningKeys {
    /// A secret of 256 bits from each key, newest first, by HKDF-SHA256 (RFC 5869): one purpose's secrets tell nothing
    /// about another's or about the keys, and a key that verifies no more tokens takes its secrets with it.
    package func secrets(for purpose: String) -> [SymmetricKey] {
        keys.reversed().map { key in
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: key.privateKey.rawRepresentation),
                salt: Data("fitai".utf8), info: Data(purpose.utf8), outputByteCount: 32)
        }
    }
}
