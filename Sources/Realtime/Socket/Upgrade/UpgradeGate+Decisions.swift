import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// What becomes of a request head: REST, a socket, or a refusal.
extension UpgradeGate {
    func firstHead(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        if let refusal = RequestFraming.refusal(of: head) { return refuse(refusal, head.version, context) }
        let check = UpgradeCheck(head, sockets.configuration)
        guard case .notOurs = check else {
            phase = .awaitingEnd(head, check, unanswered: nil)
            return
        }
        guard let visit = forwardedVisit(head, context) else {
            return refuse(.tooManyConnections, head.version, context)
        }
        timeout?.cancel()
        do {
            let rest = try addREST(context)
            phase = .rest(unanswered: 0)
            self.rest?.succeed(rest)
            self.rest = nil
            below.pace.isTooSlow = { self.isTooSlow($0, context) }
            context.fireChannelActive()
            forward(head, visit, unanswered: 0, context)
        } catch {
            self.rest?.fail(error)
            self.rest = nil
            context.close(promise: nil)
        }
    }

    func laterHead(_ head: HTTPRequestHead, unanswered: Int, _ context: ChannelHandlerContext) {
        if isBroken { return }
        if let refusal = RequestFraming.refusal(of: head) {
            return finishREST(head, refusal, unanswered: unanswered, context)
        }
        let check = UpgradeCheck(head, sockets.configuration)
        guard case .notOurs = check else {
            startTimeout(context)
            phase = .awaitingEnd(head, check, unanswered: unanswered)
            return
        }
        guard let visit = forwardedVisit(head, context) else {
            return finishREST(head, .tooManyConnections, unanswered: unanswered, context)
        }
        forward(head, visit, unanswered: unanswered, context)
    }

    /// Lets REST answer what came before, then refuses this request.
    private func finishREST(
        _ head: HTTPRequestHead, _ refusal: UpgradeRefusal, unanswered: Int, _ context: ChannelHandlerContext
    ) {
        startTimeout(context)
        phase = .finishingREST(head, .refused(refusal), unanswered: unanswered)
        endRESTWhenAnswered(context)
    }

    func headEnded(
        _ head: HTTPRequestHead, _ check: UpgradeCheck, unanswered: Int?, _ context: ChannelHandlerContext
    ) {
        guard let unanswered else { return decide(head, check, context) }
        phase = .finishingREST(head, check, unanswered: unanswered)
        endRESTWhenAnswered(context)
    }

    private func forward(
        _ head: HTTPRequestHead, _ visit: Visit?, unanswered: Int, _ context: ChannelHandlerContext
    ) {
        var head = head
        isReadingBody = true
        owesContinue = head.expectsContinue
        forwarded.append(visit)
        below.pace.bodyBegan()
        head.uri = String(head.originForm)
        if head.headers.contains(name: "upgrade"), head.headers.names("upgrade", in: "connection") {
            // The decoder stops behind a request to upgrade, to whatever; no further request could be read.
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        phase = .rest(unanswered: unanswered + 1)
        if unanswered == 0, owesContinue { sayContinue(context) }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// How a request behind a proxy counts: not at all (`.some(nil)`) where nobody can be told apart.
    /// - Returns: `nil` when its address has as many as it may.
    func forwardedVisit(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Visit?? {
        let addresses = sockets.configuration.addresses
        guard visit == nil, let peer = context.remoteAddress?.ipAddress, addresses.ofPeer(peer) == nil,
            let chain = head.headers.first(name: "x-forwarded-for"), let address = addresses.forwarded(peer, chain)
        else { return .some(nil) }
        guard let visit = sockets.visitors.arrive(from: address, silent: nil) else {
            sockets.metrics.refusedByAddress()
            return nil
        }
        return visit
    }

    private func addREST(_ context: ChannelHandlerContext) throws -> LiveServerChannel.REST {
        let pipeline = context.pipeline.syncOperations
        let codec = HTTP1ToHTTPServerCodec(secure: sockets.configuration.isEncrypted)
        let idle = Duration.nanoseconds(sockets.configuration.restIdleTimeout.nanoseconds)
        let idleClosing = HTTPConnectionStateHandler(idleTimeout: idle, logger: logger)
        // The next request waits until the answer to the one before it has been handed to the channel, which then tells
        // whether its reader takes it: nobody can have many answers made and read none.
        let inTurn = HTTPServerPipelineHandler()
        try pipeline.addHandler(inTurn)
        try pipeline.addHandler(codec)
        try pipeline.addHandler(idleClosing)
        restHandlers = [inTurn, codec, idleClosing]
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: context.channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    func endRESTWhenAnswered(_ context: ChannelHandlerContext) {
        guard case .finishingREST(_, _, unanswered: 0) = phase else { return }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func decide(_ head: HTTPRequestHead, _ check: UpgradeCheck, _ context: ChannelHandlerContext) {
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
}
