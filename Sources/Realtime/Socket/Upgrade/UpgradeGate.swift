import Logging
import NIOCore
import NIOHTTP1

/// Stands behind the HTTP decoder and decides on each request head: REST, or a socket. It stays in a REST connection,
/// since a later request of it may ask for a socket; then the answers to the earlier ones leave first.
final class UpgradeGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The handlers between this one and the socket.
    struct Below {
        let encoder: HTTPResponseEncoder
        let decoder: ByteToMessageHandler<HTTPRequestDecoder>
        let pace: PeerPace
    }

    enum Phase {
        case awaitingHead
        /// REST answers; `unanswered` requests have gone to it.
        case rest(unanswered: Int)
        /// A request at the socket's path has begun; its end is awaited, so that nothing of it is left in the decoder.
        /// `unanswered` is `nil` if it is the first.
        case awaitingEnd(HTTPRequestHead, UpgradeCheck, unanswered: Int?)
        /// A request for a socket waits for REST to finish with those before it.
        case finishingREST(HTTPRequestHead, UpgradeCheck, unanswered: Int)
        /// The token is being checked.
        case authorising
        case answered
    }

    let sockets: SocketHost
    let below: Below
    let logger: Logger
    var rest: EventLoopPromise<LiveServerChannel.REST?>?
    /// The handlers of REST that would act on a socket: its requests' turns, the codec, the end of idle connections.
    var restHandlers: [any RemovableChannelHandler] = []
    var phase = Phase.awaitingHead
    var timeout: Scheduled<Void>?
    var wantsRead = false
    /// How the connection counts for its address; `nil` for a proxy's.
    let visit: Visit?
    /// How requests behind a proxy count for theirs, in their order.
    var forwarded: [Visit?] = []

    // The request whose parts are being read, and the answer that is being written.
    var isReadingBody = false
    /// The client waits for a word before it sends the body.
    var owesContinue = false
    var isAnswering = false
    /// What is left of the input is not looked at; the connection ends with the answer.
    var isBroken = false
    /// A refusal was sent; the peer's end is awaited.
    var isLingering = false

    init(
        sockets: SocketHost, below: Below, visit: Visit?, logger: Logger,
        rest: EventLoopPromise<LiveServerChannel.REST?>
    ) {
        self.sockets = sockets
        self.below = below
        self.visit = visit
        self.logger = logger
        self.rest = rest
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        startTimeout(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    func channelActive(context: ChannelHandlerContext) {
        // Those who want to know of it are added later and told then.
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch (phase, part) {
        case (.awaitingHead, .head(let head)):
            firstHead(head, context)
        case (.rest(let unanswered), .head(let head)):
            laterHead(head, unanswered: unanswered, context)
        case (.rest(let unanswered), _):
            restPart(part, unanswered: unanswered, context)
        case (.awaitingEnd(let head, let check, let unanswered), .end):
            headEnded(head, check, unanswered: unanswered, context)
        default:
            // A body nobody wants; nothing behind a request to upgrade is decoded.
            return
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .answered = phase {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let part = answerPart(unwrapOutboundIn(data))
        context.write(wrapOutboundOut(part), promise: promise)
        guard case .end = part else { return }
        answerEnded()
        switch phase {
        case .rest(let unanswered):
            phase = .rest(unanswered: unanswered - 1)
            if unanswered == 2, owesContinue { sayContinue(context) }
        case .awaitingEnd(let head, let check, let unanswered):
            phase = .awaitingEnd(head, check, unanswered: unanswered.map { $0 - 1 })
        case .finishingREST(let head, let check, let unanswered):
            phase = .finishingREST(head, check, unanswered: unanswered - 1)
            endRESTWhenAnswered(context)
        default:
            return
        }
    }

    func read(context: ChannelHandlerContext) {
        switch phase {
        case .finishingREST, .authorising: wantsRead = true
        case .awaitingHead, .rest, .awaitingEnd, .answered: context.read()
        }
    }

    /// REST shuts its write side when its input has ended; between it and a socket that is only a sign that it is done.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output, case .finishingREST(let head, let check, _) = phase else {
            // REST is done; a peer that does not end its side would keep the connection.
            if mode == .output {
                isBroken = true
                below.pace.end(within: sockets.configuration.closeGrace)
            }
            context.close(mode: mode, promise: promise)
            return
        }
        promise?.fail(ChannelError.operationUnsupported)
        decide(head, check, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch (phase, event) {
        case (.rest, _):
            context.fireUserInboundEventTriggered(event)
        case (.answered, ChannelEvent.inputClosed) where isLingering:
            context.close(promise: nil)
        case (.answered, _):
            // The answer closes the connection when it has left, or the connection is a socket by now.
            context.fireUserInboundEventTriggered(event)
        case (_, ChannelEvent.inputClosed), (_, is ChannelShouldQuiesceEvent):
            finish()
            context.close(promise: nil)
        default:
            return
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (phase, error) {
        case (.awaitingHead, let fault as HTTPParserError):
            refuse(UpgradeRefusal(fault), .http1_1, context)
        case (.rest(let unanswered), let fault as HTTPParserError):
            restFault(fault, unanswered: unanswered, context)
        case (.rest, _):
            context.fireErrorCaught(error)
        case (.answered, _):
            // Behind a request that was refused; its answer is on its way and closes the connection.
            return
        default:
            context.close(promise: nil)
        }
    }

    // MARK: Its own end

    func startTimeout(_ context: ChannelHandlerContext) {
        timeout?.cancel()
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: sockets.configuration.upgradeTimeout) {
            switch self.phase {
            case .awaitingHead: self.refuse(.requestTimeout, .http1_1, context)
            case .awaitingEnd, .finishingREST, .authorising: self.refuse(.unavailable, .http1_1, context)
            case .rest, .answered: return
            }
        }
    }

    /// After this nothing is decided any more.
    func finish() {
        phase = .answered
        for visit in forwarded { visit?.end() }
        forwarded = []
        timeout?.cancel()
        timeout = nil
        rest?.succeed(nil)
        rest = nil
    }
}

@available(*, unavailable)
extension UpgradeGate: Sendable {}
