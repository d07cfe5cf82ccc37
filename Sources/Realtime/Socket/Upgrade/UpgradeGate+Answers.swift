import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import Protocol

/// What the gate writes itself, and how a connection becomes a socket.
extension UpgradeGate {
    func refuse(_ refusal: UpgradeRefusal, _ version: HTTPVersion, _ context: ChannelHandlerContext) {
        sockets.metrics.refusedUpgrade()
        let requestID = UUIDv7.make()
        logger.debug("upgrade refused", metadata: ["request.id": "\(requestID)", "problem.code": "\(refusal.code)"])
        let body = refusal.body(requestID: requestID)
        finish()
        context.write(wrapOutboundOut(.head(refusal.head(version, bodyBytes: body.readableBytes))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            guard !self.sockets.configuration.isEncrypted else { return context.close(promise: nil) }
            // A socket that is closed with unread bytes is reset, which could take the answer with it.
            self.isLingering = true
            context.close(mode: .output, promise: nil)
            self.below.pace.end(within: self.sockets.configuration.closeGrace)
        }
    }

    func upgrade(
        _ head: HTTPRequestHead, _ terms: UpgradeTerms, identity: (any Sendable)?, _ context: ChannelHandlerContext
    ) {
        guard let forwarded = forwardedVisit(head, context) else {
            return refuse(.tooManyConnections, head.version, context)
        }
        guard let loop = sockets.loop(of: context.eventLoop), sockets.takePlace() else {
            forwarded?.end()
            return refuse(.unavailable, head.version, context)
        }
        if let forwarded { context.channel.closeFuture.whenComplete { _ in forwarded.end() } }
        finish()
        let connection = SocketConnection(host: sockets, loop: loop, windowBits: terms.deflate?.windowBits)
        connection.visit = visit
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
        pipeline.removeHandler(below.pace, promise: nil)
        pipeline.removeHandler(below.encoder, promise: nil)
        pipeline.removeHandler(self, promise: nil)
        pipeline.removeHandler(below.decoder, promise: nil)
        if wantsRead || connection.asksForReads { connection.readOn() }
    }
}
