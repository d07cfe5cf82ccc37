/// `http://host:port` or `https://host:port`; the socket and REST share it.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    public let host: String
    public let port: Int
    public let isEncrypted: Bool

    public init(host: String, port: Int, isEncrypted: Bool = false) {
        self.host = host
        self.port = port
        self.isEncrypted = isEncrypted
    }

    /// Reads `http`, `https`, `ws` or `wss`, `://host[:port]` and an optional slash; nil for anything else.
    public init?(_ text: String) {
        let schemes = [("http://", false), ("ws://", false), ("https://", true), ("wss://", true)]
        guard let (scheme, isEncrypted) = schemes.first(where: { text.hasPrefix($0.0) }) else { return nil }
        var rest = text.dropFirst(scheme.count)
        if rest.last == "/" { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@") else { return nil }
        let portText: Substring
        if rest.first == "[" {
            guard let close = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<close])
            portText = rest[rest.index(after: close)...]
        } else {
            let colon = rest.firstIndex(of: ":") ?? rest.endIndex
            host = String(rest[..<colon])
            portText = rest[colon...]
        }
        self.isEncrypted = isEncrypted
        guard !host.isEmpty else { return nil }
        guard !portText.isEmpty else {
            port = Self.usualPort(isEncrypted)
            return
        }
        guard portText.first == ":", let number = Int(portText.dropFirst()), (1...65535).contains(number) else {
            return nil
        }
        port = number
    }

    private static func usualPort(_ isEncrypted: Bool) -> Int { isEncrypted ? 443 : 80 }

    /// As the Host header has it.
    public var authority: String {
        (host.contains(":") ? "[\(host)]" : host) + (port == Self.usualPort(isEncrypted) ? "" : ":\(port)")
    }
    public var description: String { (isEncrypted ? "https://" : "http://") + authority }
}
