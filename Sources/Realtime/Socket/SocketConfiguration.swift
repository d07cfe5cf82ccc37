import NIOCore

/// Everything about the socket that an operator may set; the defaults are those of the live protocol.
package struct SocketConfiguration: Sendable {
    /// The path at which a WebSocket request is taken; anything else goes to REST.
    package var path = "/v1/live"
    /// The subprotocol spoken; a client that offers subprotocols must offer this one. `nil` takes any client.
    package var subprotocol: String? = "fitai.v1.json"
    /// Whether TLS stands between the sockets and their channels; then every byte goes through the channel, and nothing
    /// is ever written past it.
    package var isEncrypted = false
    /// Origins of pages that may connect, as browsers send them (`https://app.example`).
    /// A request without `Origin` is no browser's and is taken; `nil` takes every origin.
    package var origins: Set<String>? = []

    /// The largest message taken, in bytes after inflation; more closes with 1009.
    package var messageLimitBytes = 64 * 1024
    /// Whether binary messages are taken; if not they close with 1003.
    package var takesBinary = false
    /// Whether permessage-deflate is agreed to when a client offers it.
    package var deflates = true
    /// Payloads shorter than this are never compressed: the saving does not pay for it.
    package var deflateFromBytes = 200

    /// Bytes of pushed frames that may wait for one connection; beyond it conflatable frames are dropped first,
    /// then the connection is closed as a slow watcher.
    package var queueLimitBytes = 64 * 1024
    /// Bytes of all frames that may wait for one connection, answers included. From half of it on
    /// nothing more is read from that connection.
    package var totalLimitBytes = 1024 * 1024
    /// `SO_SNDBUF` of each connection (the kernel doubles it). Small, because what the kernel holds hides slow watchers.
    package var sendBufferBytes: Int? = 32 * 1024
    /// Bytes of frames that may wait for one event loop in one room's outbox; beyond it that loop's watchers
    /// of the room are closed as slow.
    package var outboxLimitBytes = 8 * 1024 * 1024

    /// Connections at most, all event loops together; more are answered 503.
    package var connectionLimit = 100_000
    /// Whether memory is so short that no more connections are taken.
    package var isShortOfMemory: @Sendable () -> Bool = { false }
    /// Connections of one address at most, and those among them that have not sent a whole request or an accepted hello;
    /// `nil` bounds nothing.
    package var connectionsPerAddress: Int?
    package var silentPerAddress: Int?
    /// What an address is, also behind proxies.
    package var addresses = ClientAddresses()
    /// What a peer has to send of a body it has begun, and to take of an answer that waits, measured over a window.
    package var minimumBytesPerSecond = 1024
    package var paceWindow = TimeAmount.seconds(10)
    /// Time from a request's head to the end of its body, however fast it comes; routes have shorter ones of their own.
    package var requestTimeLimit = TimeAmount.minutes(15)
    /// Time for what is left of a body when its request was answered already.
    package var lateBodyTimeout = TimeAmount.seconds(5)
    /// Time for the first request head, and for the whole upgrade once it has come.
    package var upgradeTimeout = TimeAmount.seconds(10)
    /// Time after which a kept-alive REST connection without a request is closed.
    package var restIdleTimeout = TimeAmount.seconds(60)
    /// Bytes of all header fields of one request.
    package var headerLimitBytes = 32 * 1024
    /// Header fields of one request.
    package var headerLimitCount = 100

    /// A connection from which nothing came for this long is pinged.
    package var pingAfter = TimeAmount.seconds(25)
    /// A pinged connection that stays silent this much longer is closed.
    package var pongWithin = TimeAmount.seconds(8)
    /// Time from the first close frame to the end of the connection.
    package var closeGrace = TimeAmount.seconds(3)
    /// Resolution of all deadlines of connections.
    package var tick = TimeAmount.milliseconds(500)

    package init() {}
}
