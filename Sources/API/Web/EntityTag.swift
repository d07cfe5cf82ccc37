import Crypto
import Foundation

/// A strong entity tag (RFC 9110): names one version of a resource.
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// With its quotes.
    package let description: String

    /// A tag from text of visible ASCII without quotes.
    package init(_ text: String) { description = "\"\(text)\"" }

    /// The tag of a body, from its SHA-256.
    package init(hashing bytes: some Collection<UInt8>) {
        var hash = SHA256()
        hash.update(data: Data(bytes))
        self.init(Data(hash.finalize().prefix(12)).base64URL)
    }

    /// How two tags are compared (RFC 9110, section 8.8.3.2).
    package enum Comparison: Sendable {
        /// For `If-Match`: a weak tag is like no other, for what it names may differ in its bytes.
        case strong
        /// For `If-None-Match`: by the text alone.
        case weak
    }

    /// Whether a header with a list of tags names this version.
    package func isNamed(in header: String, _ comparison: Comparison) -> Bool {
        header.split(separator: ",").contains { part in
            let tag = String(part).trimmingSpaces()
            return tag == "*" || tag == description || comparison == .weak && tag == "W/\(description)"
        }
    }
}

extension Data {
    /// Base64 for URLs, without padding.
    package var base64URL: String {
        var bytes = Array(base64EncodedData())
        while bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
        for (place, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "+"): bytes[place] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): bytes[place] = UInt8(ascii: "_")
            default: break
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads base64 for URLs without padding; nil for anything else.
    package init?(base64URL text: some StringProtocol) {
        var bytes = Data(text.utf8)
        for (place, byte) in zip(bytes.indices, bytes) {
            switch byte {
            case 48...57, 65...90, 97...122: break
            case UInt8(ascii: "-"): bytes[place] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): bytes[place] = UInt8(ascii: "/")
            default: return nil
            }
        }
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "="), count: (4 - bytes.count % 4) % 4))
        self.init(base64Encoded: bytes)
    }
}
