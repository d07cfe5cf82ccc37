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
            guard case .taken(let visit) = arrival(of: channel) else {
                // Said in no answer: behind TLS nobody could read it yet.
                sockets.metrics.refusedByAddress()
                channel.close(promise: nil)
                rest.succeed(nil)
                return Value(channel: channel, rest: rest.futureResult)
            }
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = sockets.configuration.headerLimitBytes
            limits.maxHeaderListSize = sockets.configuration.headerLimitBytes
            limits.maxHeaderFieldCount = sockets.configuration.headerLimitCount
            let encoder = HTTPResponseEncoder()
            let decoder = ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
            let pace = PeerPace(sockets.configuration)
            let gate = UpgradeGate(
                sockets: sockets, below: .init(encoder: encoder, decoder: decoder, pace: pace), visit: visit,
                logger: logger, rest: rest)
            do {
                try channel.pipeline.syncOperations.addHandlers([pace, encoder, decoder, gate])
            } catch {
                rest.succeed(nil)
                throw error
            }
            return Value(channel: channel, rest: rest.futureResult)
        }
    }

    private enum Arrival {
        /// With how it counts for its address; proxies and peers without an address do not.
        case taken(Visit?)
        case tooMany
    }

    private func arrival(of channel: any Channel) -> Arrival {
        guard let peer = channel.remoteAddress?.ipAddress,
            let address = sockets.configuration.addresses.ofPeer(peer)
        else { return .taken(nil) }
        guard let visit = sockets.visitors.arrive(from: address, silent: channel) else { return .tooMany }
        channel.closeFuture.whenComplete { _ in visit.end() }
        return .taken(visit)
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
