import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The child channel of the one port: requests at the socket's path become sockets, all others go to REST, also later
/// on the same connection.
///
/// Give it to Hummingbird with `HTTPServerBuilder { LiveServerChannel(sockets: sockets, responder: $0) }`.
/// A socket has no task: it lives in handlers on its event loop.
package struct LiveServerChannel: HTTPChannelHandler {
    typealias REST = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    package let sockets: SocketHost
    package let responder: Responder

    package init(sockets: SocketHost, responder: @escaping Responder) {
        self.sockets = sockets
        self.responder = responder
    }

    /// An accepted connection, of which the first request decides what it is.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        /// The REST side, or `nil` for a connection that became a socket or ended before.
        let rest: EventLoopFuture<REST?>
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let rest = channel.eventLoop.makePromise(of: REST?.self)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = sockets.configuration.headerLimitBytes
            limits.maxHeaderListSize = sockets.configuration.headerLimitBytes
            limits.maxHeaderFieldCount = sockets.configuration.headerLimitCount
            let encoder = HTTPResponseEncoder()
            let decoder = ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
            let gate = UpgradeGate(sockets: sockets, encoder: encoder, decoder: decoder, logger: logger, rest: rest)
            do {
                try channel.pipeline.syncOperations.addHandlers([encoder, decoder, gate])
            } catch {
                rest.succeed(nil)
                throw error
            }
            return Value(channel: channel, rest: rest.futureResult)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        do {
            guard let rest = try await value.rest.get() else { return }
            await handleHTTP(asyncChannel: rest, logger: logger)
        } catch {
            // The REST handlers could not be added: the channel was closed meanwhile.
            logger.debug("connection ended before its first request", metadata: ["error": "\(error)"])
        }
    }
}
