import Crypto
import Foundation
import Protocol

/// The Ed25519 keys that sign access tokens: the newest signs, all verify, so that keys can be rotated.
package struct SigningKeys: Sendable {
    package struct Key: Sendable {
        package let id: String
        let privateKey: Curve25519.Signing.PrivateKey

        init(_ privateKey: Curve25519.Signing.PrivateKey) {
            self.privateKey = privateKey
            id = Data(SHA256.hash(data: privateKey.publicKey.rawRepresentation).prefix(9)).base64URL
        }
    }

    /// Oldest first, never empty.
    let keys: [Key]

    package var signing: Key { keys[keys.count - 1] }

    /// A fresh key that lives only in memory.
    package init() { keys = [Key(Curve25519.Signing.PrivateKey())] }

    /// Loads `<directory>/<milliseconds>.key` (base64 of the private key, mode 0600); makes one when there is none.
    ///
    /// Throws what the file system throws, and `Fault` for a file that holds no key or that others may read.
    package init(directory: URL, now: Timestamp) throws {
        let files = FileManager.default
        let privately: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try files.createDirectory(at: directory, withIntermediateDirectories: true, attributes: privately)
        let names = try files.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".key") }.sorted()
        if names.isEmpty {
            let key = Curve25519.Signing.PrivateKey()
            let file = directory.appendingPathComponent("\(now.milliseconds).key")
            try SigningKeys.write(key, to: file)
            keys = [Key(key)]
        } else {
            keys = try names.map { Key(try SigningKeys.read(directory.appendingPathComponent($0))) }
        }
    }

    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    private static func write(_ key: Curve25519.Signing.PrivateKey, to file: URL) throws {
        let data = Data(key.rawRepresentation.base64EncodedString().utf8)
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        // Written aside and renamed: a crash in between must not leave half a key.
        let draft = file.appendingPathExtension("draft")
        guard FileManager.default.createFile(atPath: draft.path, contents: data, attributes: attributes) else {
            throw Fault(description: "cannot write the signing key \(draft.path)")
        }
        try FileManager.default.moveItem(at: draft, to: file)
    }

    private static func read(_ file: URL) throws -> Curve25519.Signing.PrivateKey {
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
        guard mode & 0o077 == 0 else {
            throw Fault(description: "others may read the signing key \(file.path): chmod 600 it")
        }
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self).trimmingSpaces()
        guard let bytes = Data(base64Encoded: text),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)  // its error says no more
        else { throw Fault(description: "\(file.path) holds no Ed25519 key") }
        return key
    }

    /// The public keys, as `/.well-known/jwks.json` shows them (RFC 7517, RFC 8037).
    package var published: PublishedKeys {
        PublishedKeys(
            keys: keys.map { key in
                PublishedKeys.Key(
                    kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA", kid: key.id,
                    x: key.privateKey.publicKey.rawRepresentation.base64URL)
            })
    }
}

package struct PublishedKeys: Codable, Sendable {
    package struct Key: Codable, Sendable {
        package let kty, crv, use, alg, kid, x: String
    }

    package let keys: [Key]
}
