import Crypto
import CryptoExtras
import Foundation
import Protocol

/// The public keys of a provider (RFC 7517), of the kinds that sign id_tokens.
struct ProviderKeys: Sendable {
    enum Key: Sendable {
        case rs256(_RSA.Signing.PublicKey)
        case es256(P256.Signing.PublicKey)

        var algorithm: String {
            switch self {
            case .rs256: "RS256"
            case .es256: "ES256"
            }
        }

        /// Whether the key has signed these bytes.
        func hasSigned(_ bytes: Data, _ signature: Data) -> Bool {
            switch self {
            case .rs256(let key):
                return key.isValidSignature(
                    _RSA.Signing.RSASignature(rawRepresentation: signature), for: bytes, padding: .insecurePKCS1v1_5)
            case .es256(let key):
                // A signature of another length is none.
                guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
                    return false
                }
                return key.isValidSignature(signature, for: bytes)
            }
        }
    }

    private let keys: [(id: String?, key: Key)]

    /// Reads a set of keys; those of other kinds and uses are left out.
    init(_ document: JSONValue) {
        keys = (document["keys"]?.array ?? []).prefix(100).compactMap { entry in
            guard entry["use"]?.string ?? "sig" == "sig", let key = ProviderKeys.key(entry) else { return nil }
            return (entry["kid"]?.string, key)
        }
    }

    /// The key of this id; without an id only a single key is meant.
    subscript(id: String?) -> Key? {
        guard let id else { return keys.count == 1 ? keys[0].key : nil }
        return keys.first { $0.id == id }?.key
    }

    private static func key(_ entry: JSONValue) -> Key? {
        func bytes(_ name: String) -> Data? { entry[name]?.string.flatMap { Data(base64URL: $0) } }
        switch (entry["kty"]?.string, entry["crv"]?.string) {
        case ("RSA", _):
            // A key that cannot be read verifies nothing; the token that names it is refused. Short keys are no keys.
            guard let n = bytes("n"), let e = bytes("e"), n.count >= 256,
                let key = try? _RSA.Signing.PublicKey(n: n, e: e)
            else { return nil }
            return .rs256(key)
        case ("EC", "P-256"):
            // As above.
            guard let x = bytes("x"), let y = bytes("y"), x.count == 32, y.count == 32,
                let key = try? P256.Signing.PublicKey(rawRepresentation: x + y)
            else { return nil }
            return .es256(key)
        default: return nil
        }
    }
}
