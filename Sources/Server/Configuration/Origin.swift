/// A web origin: scheme, host and port, written as browsers send it (`https://app.example.org`, default ports left out).
package struct Origin: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    var isSecure: Bool { description.hasPrefix("https://") }

    /// Reads an http or https URL that has no path but `/`; host letters become lower case. Nil for anything else.
    package init?(_ text: String) {
        let lowered = text.lowercased()
        guard let scheme = ["http", "https"].first(where: { lowered.hasPrefix($0 + "://") }) else { return nil }
        var authority = lowered.dropFirst(scheme.count + 3)
        if authority.hasSuffix("/") { authority.removeLast() }
        guard let (host, port) = Self.split(authority) else { return nil }
        let isDefaultPort = port == nil || port == (scheme == "http" ? 80 : 443)
        description = isDefaultPort ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port ?? 0)"
    }

    /// Host (an IPv6 address in brackets) and port of an authority without user information.
    private static func split(_ authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var port: Int?
        let hostEnd = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[hostEnd...].lastIndex(of: ":") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65535).contains(number) else {
                return nil
            }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("[") {
            let inner = host.dropFirst().dropLast()
            guard host.hasSuffix("]"), !inner.isEmpty, inner.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
            else { return nil }
            return (String(host), port)
        }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) })
        else { return nil }
        return (String(host), port)
    }
}
