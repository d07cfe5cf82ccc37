import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A peer that sends exactly the bytes it is told to, so that tests can do what no well-behaved client does.
package final class RawSocket: Sendable {
    private let channel: any Channel
    private let reader: NIOLoopBound<RawSocketReader>

    private init(_ channel: any Channel, _ reader: NIOLoopBound<RawSocketReader>) {
        self.channel = channel
        self.reader = reader
    }

    /// Connects to a port of this machine, in the clear unless told how to speak TLS.
    package static func connect(port: Int, tls: NIOSSLContext? = nil) async throws -> RawSocket {
        // Kept from the start: a server that closes at once has emptied the pipeline by the time it could be asked.
        let made = Mutex<NIOLoopBound<RawSocketReader>?>(nil)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let reader = RawSocketReader()
                    made.withLock { $0 = NIOLoopBound(reader, eventLoop: channel.eventLoop) }
                    try channel.pipeline.syncOperations.addTLS(tls)
                    try channel.pipeline.syncOperations.addHandler(reader)
                }
            }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        guard let reader = made.withLock({ $0 }) else { throw RawSocketError.endedEarly }
        return RawSocket(channel, reader)
    }

    package func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    package func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    /// Shuts the write side; the peer sees the end of the input, unless it has answered and closed already.
    package func closeWriting() async throws {
        do { try await channel.close(mode: .output).get() } catch ChannelError.alreadyClosed { return }
    }

    package func close() async throws {
        do { try await channel.close().get() } catch ChannelError.alreadyClosed { return }
    }

    /// Stops taking bytes from the kernel, so that its buffers fill and the server's do.
    package func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    package func startReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// The head of the next HTTP answer, without the blank line.
    package func readHead() async throws -> String {
        try await read { buffer, _ in
            guard let end = buffer.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let count = end.lowerBound - buffer.readerIndex
            let head = buffer.readString(length: count)
            buffer.moveReaderIndex(forwardBy: 4)
            return head
        }
    }

    package func read(count: Int) async throws -> [UInt8] {
        try await read { buffer, _ in buffer.readBytes(length: count) }
    }

    /// The next frame, or `nil` when the server ended without one.
    package func nextFrame() async throws -> RawFrame? {
        try await read { buffer, ended -> RawFrame?? in
            if let frame = RawFrame(reading: &buffer) { return .some(frame) }
            return ended ? .some(nil) : nil
        }
    }

    /// Everything up to the end of the connection.
    package func readToEnd() async throws -> [UInt8] {
        try await read { buffer, ended in ended ? buffer.readBytes(length: buffer.readableBytes) : nil }
    }

    /// Sends the request of a WebSocket client and gives the head of the answer.
    package func requestUpgrade(path: String = "/v1/live", _ headers: [String] = []) async throws -> String {
        try await write(Self.upgradeRequest(path: path, headers))
        return try await readHead()
    }

    package static func upgradeRequest(path: String = "/v1/live", _ headers: [String] = []) -> String {
        let fields = [
            "GET \(path) HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        return (fields + headers).joined(separator: "\r\n") + "\r\n\r\n"
    }

    private func read<Value: Sendable>(
        _ take: @escaping @Sendable (inout ByteBuffer, _ ended: Bool) -> Value?
    ) async throws -> Value {
        let promise = channel.eventLoop.makePromise(of: Value.self)
        let reader = reader
        let patience = channel.eventLoop.scheduleTask(in: .seconds(Watchdog.patience.components.seconds)) {
            promise.fail(RawSocketError.nothingCame)
        }
        channel.eventLoop.execute {
            reader.value.wait { buffer, ended in
                if let value = take(&buffer, ended) {
                    promise.succeed(value)
                } else if ended {
                    promise.fail(RawSocketError.endedEarly)
                } else {
                    return false
                }
                patience.cancel()
                return true
            }
        }
        return try await promise.futureResult.get()
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Adds TLS as a client of this machine speaks it; nothing without a context.
    func addTLS(_ context: NIOSSLContext?) throws {
        if let context { try addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost")) }
    }
}

package enum RawSocketError: Error {
    case endedEarly
    case nothingCame
}

/// Collects what comes and offers it to the one who waits.
private final class RawSocketReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var buffer = ByteBuffer()
    private var ended = false
    private var waiting: ((inout ByteBuffer, Bool) -> Bool)?

    /// `take` is called with what has come until it answers `true`.
    func wait(_ take: @escaping (inout ByteBuffer, Bool) -> Bool) {
        if !take(&buffer, ended) { waiting = take }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        buffer.writeBuffer(&bytes)
        offer()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        end()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { end() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset: the test sees an end.
        context.close(promise: nil)
    }

    private func end() {
        ended = true
        offer()
    }

    private func offer() {
        guard let take = waiting else { return }
        waiting = nil
        if !take(&buffer, ended), waiting == nil { waiting = take }
    }
}
