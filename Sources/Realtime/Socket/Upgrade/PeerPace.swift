import NIOCore

/// Stands next to the socket while REST is served, and finds peers that are too slow: with a body they have begun, or with
/// an answer that waits for them. What holds up this side is not theirs.
final class PeerPace: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData

    /// What the peer is too slow with.
    enum Slowness {
        case body, answer
    }

    private let configuration: SocketConfiguration
    /// Called at most once.
    var isTooSlow: (Slowness) -> Void = { _ in }

    private var context: ChannelHandlerContext?
    private var window: Scheduled<Void>?
    private var ending: Scheduled<Void>?

    // The body under way.
    private var bodySince: NIODeadline?
    private var cameBytes = 0
    private var waited = TimeAmount.zero
    /// Since when bytes are asked for.
    private var askedAt: NIODeadline?

    // Answers.
    private var offeredBytes = 0
    private var takenBytes = 0
    private var leftBytes = 0

    init(_ configuration: SocketConfiguration) { self.configuration = configuration }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        window?.cancel()
        ending?.cancel()
        (window, ending) = (nil, nil)
        isTooSlow = { _ in }
        context = nil
    }

    // MARK: What passes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        cameBytes += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let askedAt { waited = waited + (.now() - askedAt) }
        askedAt = nil
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if askedAt == nil { askedAt = .now() }
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        offeredBytes += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
        watch()
    }

    // MARK: What the gate tells

    /// A head has come, its end not yet.
    func bodyBegan() {
        bodySince = .now()
        (cameBytes, waited) = (0, .zero)
        if askedAt != nil { askedAt = .now() }
        watch()
    }

    func bodyEnded() {
        bodySince = nil
        ending?.cancel()
        ending = nil
    }

    /// Closes the connection after `time`, or as soon after it as the peer has taken what is on its way to it; the end of
    /// the body under way takes that back.
    func end(within time: TimeAmount) {
        guard let context else { return }
        ending?.cancel()
        ending = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            if self.waitingBytes > 0 { self.end(within: time) } else { self.context?.close(promise: nil) }
        }
    }

    // MARK: Looks

    private func watch() {
        guard window == nil, let context else { return }
        window = context.eventLoop.assumeIsolated().scheduleTask(in: configuration.paceWindow) { self.look() }
    }

    private func look() {
        window = nil
        guard context != nil else { return }
        let left = waitingBytes
        let taken = offeredBytes - left
        defer { (cameBytes, waited, takenBytes, leftBytes) = (0, .zero, taken, left) }
        if bodyIsSlow(.now()) { return isTooSlow(.body) }
        if left > 0, leftBytes > 0, taken - takenBytes < least(in: configuration.paceWindow) {
            return isTooSlow(.answer)
        }
        if bodySince != nil || left > 0 { watch() }
    }

    private func bodyIsSlow(_ now: NIODeadline) -> Bool {
        guard let bodySince else { return false }
        if bodySince + configuration.requestTimeLimit <= now { return true }
        if let askedAt {
            waited = waited + (now - askedAt)
            self.askedAt = now
        }
        // A window in which this side did not ask for bytes most of the time says nothing of the peer.
        guard waited.nanoseconds >= configuration.paceWindow.nanoseconds / 5 * 4 else { return false }
        return cameBytes < least(in: waited)
    }

    private func least(in time: TimeAmount) -> Int {
        Int(Double(configuration.minimumBytesPerSecond) * Double(time.nanoseconds) / 1e9)
    }

    /// Bytes of answers that the socket has not taken yet.
    private var waitingBytes: Int {
        do {
            return try context?.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            // A channel that does not count, or a closed one: nothing is held against the peer.
            return 0
        }
    }
}

@available(*, unavailable)
extension PeerPace: Sendable {}
