import Logging
import NIOCore
import NIOHTTP1

/// The requests that REST answers, on their way in, and its answers on their way out.
extension UpgradeGate {
    func restPart(_ part: HTTPServerRequestPart, unanswered: Int, _ context: ChannelHandlerContext) {
        guard !isBroken else { return }
        if case .end = part {
            isReadingBody = false
            owesContinue = false
            below.pace.bodyEnded()
            visit?.spoke()
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// The bytes of a request broke HTTP/1.1. In a body, whoever reads it is told; else it is a request of its own, which is
    /// refused when those before it are answered.
    func restFault(_ fault: HTTPParserError, unanswered: Int, _ context: ChannelHandlerContext) {
        guard !isBroken else { return }
        guard isReadingBody else {
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "*")
            phase = .finishingREST(head, .refused(UpgradeRefusal(fault)), unanswered: unanswered)
            startTimeout(context)
            return endRESTWhenAnswered(context)
        }
        bodyBreaks(.malformed, unanswered: unanswered, context)
    }

    func isTooSlow(_ slowness: PeerPace.Slowness, _ context: ChannelHandlerContext) {
        logger.debug("a peer is too slow", metadata: ["pace.slow": "\(slowness)"])
        switch (slowness, phase) {
        case (.body, .rest(let unanswered)): bodyBreaks(.tooSlow, unanswered: unanswered, context)
        default: context.close(promise: nil)
        }
    }

    /// The body under way will not come to its end: its reader is told, answers, and the connection closes with that answer.
    private func bodyBreaks(_ fault: RequestFault, unanswered: Int, _ context: ChannelHandlerContext) {
        isBroken = true
        isReadingBody = false
        guard unanswered > 0, !isAnswering else { return context.close(promise: nil) }
        // Whoever does not look at the body answers all the same; this is for one who never does.
        below.pace.end(within: .seconds(60))
        context.fireErrorCaught(fault)
    }

    /// An answer's part as it leaves.
    func answerPart(_ part: HTTPServerResponsePart) -> HTTPServerResponsePart {
        guard case .head(var head) = part, head.status.code >= 200 else { return part }
        isAnswering = true
        if isBroken { head.headers.replaceOrAdd(name: "connection", value: "close") }
        return .head(head)
    }

    func answerEnded() {
        isAnswering = false
        if !forwarded.isEmpty { forwarded.removeFirst()?.end() }
        // What is left of a body that nobody waits for any more has to come soon.
        if isReadingBody, case .rest(unanswered: 1) = phase {
            below.pace.end(within: sockets.configuration.lateBodyTimeout)
        }
        if isBroken { below.pace.end(within: sockets.configuration.closeGrace) }
    }

    /// Asks for the body that the client holds back.
    func sayContinue(_ context: ChannelHandlerContext) {
        owesContinue = false
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }
}
