import Foundation

/// An address of another server: https, or http on this machine.
///
/// Only such addresses are fetched; they come from the configuration or from a sign-in provider's own discovery document.
package struct OutgoingAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at the end.
    package let description: String
    let host: String
    let port: Int
    let isEncrypted: Bool
    /// With its query, at least `/`.
    let path: String

    /// Nil for anything else, for addresses with user information or a fragment, and for what is no address of printable
    /// ASCII: all of it goes into a request's head.
    package init?(_ text: String) {
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = URLComponents(string: text), let given = url.host, !given.isEmpty, url.user == nil,
            url.password == nil, url.fragment == nil
        else { return nil }
        host = given.hasPrefix("[") ? String(given.dropFirst().dropLast()) : given
        // It may hold anything in percent-encoding, and a port that is out of bounds.
        guard host.utf8.allSatisfy(Self.isHostByte), url.rangeOfPort == nil || (1...65_535).contains(url.port ?? 0)
        else { return nil }
        switch url.scheme?.lowercased() {
        case "https": isEncrypted = true
        case "http" where ["localhost", "127.0.0.1", "::1"].contains(host): isEncrypted = false
        default: return nil
        }
        port = url.port ?? (isEncrypted ? 443 : 80)
        let query = url.percentEncodedQuery.map { "?\($0)" } ?? ""
        path = (url.percentEncodedPath.isEmpty ? "/" : url.percentEncodedPath) + query
        description = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: ":"):
            true
        default: "-._".utf8.contains(byte)
        }
    }

    /// What the header `Host` holds.
    var hostHeader: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// An address below this one.
    func appending(_ path: String) -> OutgoingAddress? { OutgoingAddress(description + path) }

    /// The same with parameters in its query.
    func adding(_ parameters: [(String, String)]) -> String {
        description + (description.contains("?") ? "&" : "?") + FormBody.text(parameters)
    }
}

/// Parameters as forms and queries write them.
enum FormBody {
    static func text(_ parameters: [(String, String)]) -> String {
        parameters.map { "\(escaped($0))=\(escaped($1))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            escaped += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + hex
        }
        return escaped
    }
}
