import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Protocol

/// A WebSocket server that does what the test says: it speaks frames of the live protocol and knows no rules.
package final class ScriptedLiveServer: Sendable {
    package let port: Int
    private let listener: any Channel
    private let connections: AsyncStream<ScriptedConnection>
    private let refusals: NIOLoopBoundBox<[HTTPResponseStatus]>

    package static func start() async throws -> ScriptedLiveServer {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let (stream, continuation) = AsyncStream.makeStream(
            of: ScriptedConnection.self, bufferingPolicy: .bufferingOldest(1000))
        let refusals = NIOLoopBoundBox<[HTTPResponseStatus]>.makeBoxSendingValue([], eventLoop: loop)
        let listener = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let upgrader = NIOWebSocketServerUpgrader(
                    maxFrameSize: 1 << 20,
                    shouldUpgrade: { channel, head in
                        guard refusals.value.isEmpty else { return channel.eventLoop.makeSucceededFuture(nil) }
                        var headers = HTTPHeaders()
                        if let asked = head.headers.first(name: "Sec-WebSocket-Protocol") {
                            headers.add(name: "Sec-WebSocket-Protocol", value: asked)
                        }
                        return channel.eventLoop.makeSucceededFuture(headers)
                    },
                    upgradePipelineHandler: { channel, _ in
                        let connection = ScriptedConnection(channel)
                        return channel.eventLoop.makeCompletedFuture {
                            let pipeline = channel.pipeline.syncOperations
                            // It speaks HTTP, which is over.
                            pipeline.removeHandler(context: try pipeline.context(handlerType: RefusingHandler.self))
                                .whenComplete { _ in }
                            try pipeline.addHandler(ScriptedHandler(connection))
                        }.map { _ = continuation.yield(connection) }
                    })
                return channel.pipeline.configureHTTPServerPipeline(
                    withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
                ).flatMapThrowing { try channel.pipeline.syncOperations.addHandler(RefusingHandler(refusals)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedLiveServer(listener: listener, connections: stream, refusals: refusals)
    }

    private init(
        listener: any Channel, connections: AsyncStream<ScriptedConnection>,
        refusals: NIOLoopBoundBox<[HTTPResponseStatus]>
    ) {
        self.listener = listener
        self.connections = connections
        self.refusals = refusals
        port = listener.localAddress?.port ?? 0
    }

    /// The next upgrade requests are answered with these statuses, in order.
    package func refuse(_ statuses: [HTTPResponseStatus]) async throws {
        let refusals = refusals
        try await listener.eventLoop.submit { refusals.value = statuses }.get()
    }

    /// The next connection that has been upgraded.
    package func accept() async throws -> ScriptedConnection {
        for await connection in connections { return connection }
        throw ScriptedFault.ended
    }

    package func stop() async throws { try await listener.close() }
}

package enum ScriptedFault: Error {
    /// The connection, or the server, is over.
    case ended
    /// The client sent something else than the test expects.
    case unexpected(String)
}

/// One client of a scripted server.
package final class ScriptedConnection: Sendable {
    private let channel: any Channel
    private let frames: AsyncStream<ClientFrame>
    fileprivate let continuation: AsyncStream<ClientFrame>.Continuation

    fileprivate init(_ channel: any Channel) {
        self.channel = channel
        (frames, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10_000))
    }

    /// The client's next frame.
    package func next() async throws -> ClientFrame {
        for await frame in frames { return frame }
        throw ScriptedFault.ended
    }

    package func send(_ frame: ServerFrame) async throws { try await send(text: frame.json) }

    package func send(text: [UInt8]) async throws {
        try await channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(bytes: text)))
    }

    /// Sends a close frame and closes the connection.
    package func close(_ code: UInt16, reason: String = "") async throws {
        var data = ByteBuffer()
        data.writeInteger(code)
        data.writeString(reason)
        try await channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: data))
        try await drop()
    }

    /// Closes the connection without a word.
    package func drop() async throws {
        do { try await channel.close() } catch ChannelError.alreadyClosed {}
    }

    /// Ends when the client is gone.
    package func waitForEnd() async throws { try await channel.closeFuture.get() }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    private let connection: ScriptedConnection

    init(_ connection: ScriptedConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            do {
                connection.continuation.yield(try ClientFrame(frame.unmaskedData.readableBytesView))
            } catch { context.fireErrorCaught(error) }
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) { connection.continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Answers an upgrade that was refused.
private final class RefusingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let refusals: NIOLoopBoundBox<[HTTPResponseStatus]>

    init(_ refusals: NIOLoopBoundBox<[HTTPResponseStatus]>) { self.refusals = refusals }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data), !refusals.value.isEmpty else { return }
        let head = HTTPResponseHead(
            version: .http1_1, status: refusals.value.removeFirst(), headers: ["Content-Length": "0"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}
