import Crypto
import Foundation

/// Secrets outside the database that passwords are mixed with before they are hashed (HMAC-SHA256): who has only the
/// database can't even begin to guess.
///
/// The newest is used; older ones verify what was hashed with them, until their owners sign in. A hash names its pepper.
package struct PasswordPepper: Sendable {
    struct Key: Sendable {
        let id: String
        fileprivate let key: SymmetricKey

        init(_ bytes: Data) {
            key = SymmetricKey(data: bytes)
            id = Data(SHA256.hash(data: bytes).prefix(6)).base64URL
        }

        /// What is hashed in the password's place.
        func mixed(_ password: String) -> String {
            Data(HMAC<SHA256>.authenticationCode(for: Data(password.utf8), using: key)).base64EncodedString()
        }
    }

    private static let leastBytes = 32

    /// Newest first, never empty.
    private let keys: [Key]

    var newest: Key { keys[0] }

    subscript(id: String) -> Key? { keys.first { $0.id == id } }

    /// Reads one key a line, newest first, each at least 32 bytes in base64; nil for anything else.
    package init?(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).map { String($0).trimmingSpaces() }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        var keys: [Key] = []
        for line in lines {
            guard let bytes = Data(base64Encoded: line), bytes.count >= Self.leastBytes else { return nil }
            keys.append(Key(bytes))
        }
        guard !keys.isEmpty else { return nil }
        self.keys = keys
    }

    /// Reads a file that only its owner may read; nil for any other.
    package init?(file: String) {
        // What the file system says is told by the fault that names the variable.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file),
            let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue, mode & 0o077 == 0,
            let data = FileManager.default.contents(atPath: file), data.count <= 65_536
        else { return nil }
        self.init(String(decoding: data, as: UTF8.self))
    }
}

/// A stored hash taken apart: `$pepper$<id>` may stand before what the hashing made.
struct StoredHash: Sendable {
    private static let mark = "$pepper$"

    let pepperId: String?
    let encoded: String

    init(_ stored: String) {
        guard stored.hasPrefix(Self.mark) else {
            (pepperId, encoded) = (nil, stored)
            return
        }
        let rest = stored.dropFirst(Self.mark.count)
        pepperId = String(rest.prefix { $0 != "$" })
        encoded = String(rest.drop { $0 != "$" })
    }

    /// What stands before a hash that was made with the pepper.
    static func beginning(_ pepper: PasswordPepper?) -> String { pepper.map { mark + $0.newest.id } ?? "" }
}
