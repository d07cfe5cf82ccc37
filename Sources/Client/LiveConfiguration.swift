import Protocol

/// How a `LiveClient` reaches its server and how patient it is.
public struct LiveConfiguration: Sendable {
    public var server: ServerAddress
    public var trust = ServerTrust.system
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
