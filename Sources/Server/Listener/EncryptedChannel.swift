import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Realtime

/// The one port's child channels, with TLS where there are certificates.
struct SocketPort: Sendable {
    let sockets: SocketHost
    /// Nil: plain HTTP.
    let certificates: Certificates?

    func channel(_ responder: @escaping HTTPChannelHandler.Responder) -> any HTTPChannelHandler {
        let plain = LiveServerChannel(sockets: sockets, responder: responder)
        return certificates.map { EncryptedChannel(plain, certificates: $0) } ?? plain
    }
}

/// The child channel of the one port behind TLS: REST, pages and sockets as without it.
///
/// What does not speak TLS, or does not finish its handshake in time, is closed without a word.
package struct EncryptedChannel: HTTPChannelHandler {
    package typealias Value = LiveServerChannel.Value

    private let base: LiveServerChannel
    private let certificates: Certificates
    private let handshakeTimeout: TimeAmount

    package init(
        _ base: LiveServerChannel, certificates: Certificates, handshakeTimeout: TimeAmount = .seconds(10)
    ) {
        precondition(base.sockets.configuration.isEncrypted, "sockets behind TLS must not be written past it")
        self.base = base
        self.certificates = certificates
        self.handshakeTimeout = handshakeTimeout
    }

    package var responder: Responder { base.responder }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let tls = NIOSSLServerHandler(context: certificates.current)
            let limit = HandshakeLimit(tls, timeout: handshakeTimeout, logger: logger)
            try channel.pipeline.syncOperations.addHandlers([tls, limit])
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    package func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// Stands behind TLS until the handshake is done, and closes the connection when it fails or takes too long.
private final class HandshakeLimit: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let tls: NIOSSLServerHandler
    private let timeout: TimeAmount
    private let logger: Logger
    private var deadline: Scheduled<Void>?

    init(_ tls: NIOSSLServerHandler, timeout: TimeAmount, logger: Logger) {
        self.tls = tls
        self.timeout = timeout
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { self.giveUp(context, "too slow") }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case TLSUserEvent.handshakeCompleted = event else { return }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { giveUp(context, "\(error)") }

    /// Closes past TLS, which would wait for the peer's goodbye.
    private func giveUp(_ context: ChannelHandlerContext, _ reason: String) {
        deadline?.cancel()
        logger.debug("no handshake", metadata: ["tls.reason": "\(reason)"])
        do {
            try context.pipeline.syncOperations.context(handler: tls).close(promise: nil)
        } catch {
            // TLS has left the pipeline, so the channel is closed already.
            return
        }
    }
}

@available(*, unavailable)
extension HandshakeLimit: Sendable {}
