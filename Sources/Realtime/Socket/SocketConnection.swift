import NIOCore
import Protocol

/// One WebSocket connection: frames in, messages to its session, frames out in one order, deadlines.
///
/// `@unchecked Sendable`: the constants may be read anywhere; every mutable member is touched only on the event loop,
/// by the channel's callbacks and by package methods that check it. Rooms of other loops only carry the reference.
package final class SocketConnection: @unchecked Sendable, WheelEntry {
    enum Phase {
        /// The upgrade's answer is on its way.
        case opening
        case open
        /// A close frame was queued; nothing is delivered any more.
        case closing
        /// Everything was sent and the write side is shut; waits for the peer's end.
        case lingering
        case ended
    }

    /// Unique in this process.
    package let id: UInt64
    /// The event loop it lives on, with what its connections share.
    package let loop: SocketLoop
    /// The agreed deflate window, or `nil` without compression.
    let windowBits: UInt8?
    let host: SocketHost

    /// How it counts for its address, if it does.
    var visit: Visit?
    var phase = Phase.opening { didSet { showDirectSocket() } }
    var context: ChannelHandlerContext?
    var session: (any SocketSession)?

    // Reading.
    var decoder: FrameDecoder
    var input = ByteBuffer()
    var isHeld = false
    var isProcessing = false
    var wantsRead = false
    /// Set where the REST handlers of earlier requests stay in the pipeline and keep the channel's own reads back.
    var asksForReads = false
    var inputEnded = false
    var peerClosed = false

    // Writing.
    /// The socket for direct writes, while it is surely ours.
    var descriptor: CInt? { didSet { showDirectSocket() } }
    var queue = SendQueue() { didSet { showDirectSocket() } }
    /// Bytes that the channel holds because the socket was full; while there are any, everything else queues.
    var parkedBytes = 0 { didSet { showDirectSocket() } }
    /// What of them was left at the last look, and when they last became fewer.
    var parkedLeft = 0
    var parkedMoved = NIODeadline.now()
    var isCorked = false { didSet { showDirectSocket() } }
    /// Set when a limit was passed and the close is about to happen; sends are dropped from then on.
    var isDoomed = false { didSet { showDirectSocket() } }
    /// Its place in the loop's table of sockets that take frames at once.
    var slot: Int? { didSet { showDirectSocket() } }
    var outboxes: [OutboxShard] = []
    /// Called once when nothing waits to be sent any more, or when nothing will be sent any more.
    var drained: [@Sendable () -> Void] = []

    // Deadlines.
    var wheelPosition: WheelPosition?
    var lastReceived = NIODeadline.now()
    var isPinged = false
    var deadline: (at: NIODeadline, code: CloseCode, reason: String)?
    var endBy: NIODeadline?

    init(host: SocketHost, loop: SocketLoop, windowBits: UInt8?) {
        id = host.nextConnectionID()
        self.host = host
        self.loop = loop
        self.windowBits = windowBits
        decoder = FrameDecoder(limit: loop.configuration.messageLimitBytes, deflates: windowBits != nil)
    }

    var configuration: SocketConfiguration { loop.configuration }

    package var eventLoop: any EventLoop { loop.eventLoop }

    /// Whether frames are still sent and delivered.
    package var isOpen: Bool {
        eventLoop.preconditionInEventLoop()
        return phase == .open && !isDoomed
    }

    /// Sends `frame` after everything sent before; what the peer is too slow for waits, within the limits of the
    /// configuration. Past them the connection is closed as a slow watcher, in a later turn of the loop.
    package func send(_ frame: EncodedFrame, as kind: FrameKind = .reliable) {
        eventLoop.preconditionInEventLoop()
        guard phase == .open, !isDoomed else { return }
        let bytes = frame.bytes(windowBits: windowBits, on: loop)
        queue.append(bytes, as: kind)
        loop.metrics.sent(frames: 1, bytes: bytes.readableBytes)
        flush()
        if exceedsLimits() { doom() }
    }

    /// The peer has said who it is: it no longer counts among the silent of its address.
    package func spoke() {
        eventLoop.preconditionInEventLoop()
        visit?.spoke()
    }

    /// Begins the closing handshake; what was sent before still leaves. Does nothing on a connection that is closing.
    package func close(_ code: CloseCode, reason: String = "") {
        eventLoop.preconditionInEventLoop()
        guard phase == .open else { return }
        begin(closing: .close(code.rawValue, reason: reason), SocketClosure(origin: .server, code: code.rawValue))
    }

    /// Stops delivering messages, and reading, until `release()`; what comes meanwhile is delivered then, in order.
    package func hold() {
        eventLoop.preconditionInEventLoop()
        isHeld = true
    }

    /// Goes on after `hold()`.
    package func release() {
        eventLoop.preconditionInEventLoop()
        guard isHeld else { return }
        isHeld = false
        lastReceived = .now()
        resumeReading()
    }

    /// Calls `body` once, when nothing waits to be sent (at once if so already) or the connection has ended; for senders
    /// of more answers than may wait.
    package func whenDrained(_ body: @escaping @Sendable () -> Void) {
        eventLoop.preconditionInEventLoop()
        guard phase == .open, !isDoomed, !queue.isEmpty || parkedBytes > 0 else { return body() }
        drained.append(body)
    }

    /// Closes the connection with `code` unless this deadline is replaced or cancelled within `duration`; there is one
    /// deadline, of the configuration's resolution.
    package func closeAfter(_ duration: Duration, _ code: CloseCode, reason: String = "") {
        eventLoop.preconditionInEventLoop()
        deadline = (.now() + TimeAmount(duration), code, reason)
        scheduleNextLook()
    }

    /// Takes back `closeAfter`.
    package func cancelDeadline() {
        eventLoop.preconditionInEventLoop()
        deadline = nil
    }
}
