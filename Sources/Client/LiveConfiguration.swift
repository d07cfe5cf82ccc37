import Protocol

/// How a `LiveClient` reaches its server and how patient it is.
public struct LiveConfiguration: Sendable {
    public var server: ServerAddress
    public var client: ClientInfo
    /// Ops in flight a workout; 1…200.
    public var window = 32
    /// Events that may wait for the application (see `LiveEvents`).
    public var eventLimit = 1024
    /// The largest message taken from the server, in bytes.
    public var messageLimit = 16 << 20
    public var connectTimeout = Duration.seconds(10)
    /// After so long without hearing anything the client asks; after as long again it gives the connection up.
    public var silence = Duration.seconds(20)
    /// How long an op whose target the server does not know is tried before it is refused for good.
    public var unknownTargetPatience = Duration.seconds(600)
    /// The first back-off after an op's temporary refusal; it doubles up to 64 times as much.
    public var opBackoff = Duration.milliseconds(200)
    public var reconnect = ReconnectDelay()
    /// A token is replaced so long before it expires.
    public var tokenMargin = Duration.seconds(60)

    public init(server: ServerAddress, client: ClientInfo) {
        self.server = server
        self.client = client
    }
}

/// `http://host:port`; the socket and REST share it.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `http://host[:port]` or `ws://host[:port]` (with an optional slash behind); nil for anything else,
    /// https too, which this client does not speak.
    public init?(_ text: String) {
        guard let scheme = ["http://", "ws://"].first(where: text.hasPrefix) else { return nil }
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
        guard !host.isEmpty else { return nil }
        guard !portText.isEmpty else {
            port = 80
            return
        }
        guard portText.first == ":", let number = Int(portText.dropFirst()), (1...65535).contains(number) else {
            return nil
        }
        port = number
    }

    /// As the Host header has it.
    public var authority: String { (host.contains(":") ? "[\(host)]" : host) + (port == 80 ? "" : ":\(port)") }
    public var description: String { "http://\(authority)" }
}
