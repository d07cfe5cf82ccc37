import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Protocol

/// Stands behind the HTTP decoder and decides on each request head: REST, or a socket. It stays in a REST connection,
/// since a later request of it may ask for a socket; then the answers to the earlier ones leave first.
final class UpgradeGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
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
    private let encoder: HTTPResponseEncoder
    private let decoder: ByteToMessageHandler<HTTPRequestDecoder>
    private let logger: Logger
    private var rest: EventLoopPromise<LiveServerChannel.REST?>?
    /// The handlers of REST that would act on a socket: the one that closes idle connections, and the codec.
    private var restHandlers: [any RemovableChannelHandler] = []
    private var phase = Phase.awaitingHead
    private var timeout: Scheduled<Void>?
    private var wantsRead = false

    init(
        sockets: SocketHost, encoder: HTTPResponseEncoder, decoder: ByteToMessageHandler<HTTPRequestDecoder>,
        logger: Logger, rest: EventLoopPromise<LiveServerChannel.REST?>
    ) {
        self.sockets = sockets
        self.encoder = encoder
        self.decoder = decoder
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
        case (.rest, _):
            context.fireChannelRead(wrapInboundOut(part))
        case (.awaitingEnd(let head, let check, let unanswered), .end):
            headEnded(head, check, unanswered: unanswered, context)
        default:
            // A body nobody wants; nothing behind a request to upgrade is decoded.
            return
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        context.write(wrapOutboundOut(part), promise: promise)
        guard case .end = part else { return }
        switch phase {
        case .rest(let unanswered):
            phase = .rest(unanswered: unanswered - 1)
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
            refuse(fault == .headerOverflow ? .headersTooLarge : .malformed, .http1_1, context)
        case (.rest, _):
            context.fireErrorCaught(error)
        default:
            context.close(promise: nil)
        }
    }

    // MARK: Decisions

    private func firstHead(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let check = UpgradeCheck(head, sockets.configuration)
        guard case .notOurs = check else {
            phase = .awaitingEnd(head, check, unanswered: nil)
            return
        }
        timeout?.cancel()
        do {
            let rest = try addREST(context)
            phase = .rest(unanswered: 0)
            self.rest?.succeed(rest)
            self.rest = nil
            context.fireChannelActive()
            forward(head, unanswered: 0, context)
        } catch {
            self.rest?.fail(error)
            self.rest = nil
            context.close(promise: nil)
        }
    }

    private func laterHead(_ head: HTTPRequestHead, unanswered: Int, _ context: ChannelHandlerContext) {
        let check = UpgradeCheck(head, sockets.configuration)
        guard case .notOurs = check else {
            startTimeout(context)
            phase = .awaitingEnd(head, check, unanswered: unanswered)
            return
        }
        forward(head, unanswered: unanswered, context)
    }

    private func headEnded(
        _ head: HTTPRequestHead, _ check: UpgradeCheck, unanswered: Int?, _ context: ChannelHandlerContext
    ) {
        guard let unanswered else { return decide(head, check, context) }
        phase = .finishingREST(head, check, unanswered: unanswered)
        endRESTWhenAnswered(context)
    }

    private func forward(_ head: HTTPRequestHead, unanswered: Int, _ context: ChannelHandlerContext) {
        var head = head
        if head.headers.contains(name: "upgrade"), head.headers.names("upgrade", in: "connection") {
            // The decoder stops behind a request to upgrade, to whatever; no further request could be read.
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        phase = .rest(unanswered: unanswered + 1)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func addREST(_ context: ChannelHandlerContext) throws -> LiveServerChannel.REST {
        let pipeline = context.pipeline.syncOperations
        let codec = HTTP1ToHTTPServerCodec(secure: sockets.configuration.isEncrypted)
        let idle = Duration.nanoseconds(sockets.configuration.restIdleTimeout.nanoseconds)
        let idleClosing = HTTPConnectionStateHandler(idleTimeout: idle, logger: logger)
        try pipeline.addHandler(codec)
        try pipeline.addHandler(idleClosing)
        restHandlers = [codec, idleClosing]
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: context.channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    private func endRESTWhenAnswered(_ context: ChannelHandlerContext) {
        guard case .finishingREST(_, _, unanswered: 0) = phase else { return }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    private func decide(_ head: HTTPRequestHead, _ check: UpgradeCheck, _ context: ChannelHandlerContext) {
        switch check {
        case .notOurs:
            preconditionFailure("a request for REST is not decided on")
        case .refused(let refusal):
            refuse(refusal, head.version, context)
        case .accepted(let terms):
            guard !sockets.isDraining else { return refuse(.unavailable, head.version, context) }
            guard let token = terms.token else { return upgrade(head, terms, identity: nil, context) }
            phase = .authorising
            authorise(token, head, terms, context)
        }
    }

    private func authorise(
        _ token: String, _ head: HTTPRequestHead, _ terms: UpgradeTerms, _ context: ChannelHandlerContext
    ) {
        let authorise = sockets.authorise
        let verdict = context.eventLoop.makeFutureWithTask { await authorise(token) }
        verdict.assumeIsolated().whenComplete { result in
            guard case .authorising = self.phase else { return }
            switch result {
            case .success(.accepted(let identity)): self.upgrade(head, terms, identity: identity, context)
            case .success(.refused): self.refuse(.badToken, head.version, context)
            case .success(.unavailable), .failure: self.refuse(.unavailable, head.version, context)
            }
        }
    }

    // MARK: Answers

    private func refuse(_ refusal: UpgradeRefusal, _ version: HTTPVersion, _ context: ChannelHandlerContext) {
        sockets.metrics.refusedUpgrade()
        let requestID = UUIDv7.make()
        logger.debug("upgrade refused", metadata: ["request.id": "\(requestID)", "problem.code": "\(refusal.code)"])
        let body = refusal.body(requestID: requestID)
        finish()
        context.write(wrapOutboundOut(.head(refusal.head(version, bodyBytes: body.readableBytes))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    private func upgrade(
        _ head: HTTPRequestHead, _ terms: UpgradeTerms, identity: (any Sendable)?, _ context: ChannelHandlerContext
    ) {
        guard let loop = sockets.loop(of: context.eventLoop), sockets.takePlace() else {
            return refuse(.unavailable, head.version, context)
        }
        finish()
        let connection = SocketConnection(host: sockets, loop: loop, windowBits: terms.deflate?.windowBits)
        let request = UpgradeRequest(
            uri: head.uri, headers: head.headers, remoteAddress: context.remoteAddress?.ipAddress,
            subprotocol: terms.subprotocol, identity: identity)
        acceptHeaders(head, terms, context).assumeIsolated().whenComplete { result in
            do {
                let fields = try result.get()
                let answer = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: fields)
                let written = context.writeAndFlush(self.wrapOutboundOut(.head(answer)))
                try self.become(connection, request, answerWritten: written, context)
            } catch {
                // The checks were ours, so only a channel that closed meanwhile comes here.
                connection.transportEnded()
                context.close(promise: nil)
            }
        }
    }

    private func acceptHeaders(
        _ head: HTTPRequestHead, _ terms: UpgradeTerms, _ context: ChannelHandlerContext
    ) -> EventLoopFuture<HTTPHeaders> {
        var extra = HTTPHeaders()
        if let subprotocol = terms.subprotocol { extra.add(name: "sec-websocket-protocol", value: subprotocol) }
        if let deflate = terms.deflate { extra.add(name: "sec-websocket-extensions", value: deflate.answer) }
        let agreed = extra
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(agreed) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        return upgrader.buildUpgradeResponse(
            channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
    }

    /// Puts the connection behind this handler and takes the HTTP handlers out, the decoder last: what it has left over
    /// goes to the connection.
    private func become(
        _ connection: SocketConnection, _ request: UpgradeRequest, answerWritten: EventLoopFuture<Void>,
        _ context: ChannelHandlerContext
    ) throws {
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(connection, position: .after(self))
        connection.asksForReads = !restHandlers.isEmpty
        connection.begin(request, answerWritten: answerWritten)
        for handler in restHandlers { pipeline.removeHandler(handler, promise: nil) }
        restHandlers = []
        pipeline.removeHandler(encoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(decoder, promise: nil)
        if wantsRead || connection.asksForReads { connection.readOn() }
    }

    // MARK: Its own end

    private func startTimeout(_ context: ChannelHandlerContext) {
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
    private func finish() {
        phase = .answered
        timeout?.cancel()
        timeout = nil
        rest?.succeed(nil)
        rest = nil
    }
}

@available(*, unavailable)
extension UpgradeGate: Sendable {}
