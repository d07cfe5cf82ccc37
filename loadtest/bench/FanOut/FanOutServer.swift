import ArgumentParser
import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Realtime
import ServiceLifecycle
import UnixSignals

/// The product's socket code with one room and nothing else: what the publisher sends goes to every watcher.
/// The measured half of the fan-out bench; `reference/reader.c` drives it and reads.
struct FanOutServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fan-out-server",
        abstract: "Serve one room: requests with ?publish publish, all others watch.")

    @Option(help: "Port on the loopback address.")
    var port = 9802

    @Option(help: "Event loops.")
    var loops = 1

    @Option(help: "Bytes of frames that may wait for one watcher; the open-loop measurement stalls readers.")
    var queueLimit = 64 * 1024

    func run() async throws {
        var logger = Logger(label: "fan-out")
        logger.logLevel = .error
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        var configuration = SocketConfiguration()
        configuration.queueLimitBytes = queueLimit
        let outbox = RoomOutbox()
        let sockets = SocketHost(
            configuration: configuration, group: group, logger: logger, authorise: { _ in .refused },
            makeSession: { connection, request in
                guard request.uri.hasSuffix("?publish") else { return WatcherSession(connection, outbox) }
                return PublisherSession(outbox)
            })
        let channel = LiveServerChannel(sockets: sockets) { _, writer, _ in
            try await writer.writeResponse(HTTPResponse(status: .notFound, headerFields: [.contentLength: "0"]))
        }
        let server = channel.server(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 4096),
            onServerRunning: { _ in
                print("ready")
                fflush(nil)
            }, eventLoopGroup: group, logger: logger)
        try await ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm], logger: logger
        ).run()
        await sockets.drain()
        try await group.shutdownGracefully()
    }
}

/// Watches the room as long as its connection lives.
private final class WatcherSession: SocketSession {
    private let connection: SocketConnection
    private let outbox: RoomOutbox

    init(_ connection: SocketConnection, _ outbox: RoomOutbox) {
        self.connection = connection
        self.outbox = outbox
        outbox.add(connection)
    }

    func received(_ message: ByteBuffer) {}

    func closed(_ closure: SocketClosure) { outbox.remove(connection) }
}

/// Offers each message to the room.
private final class PublisherSession: SocketSession {
    private let outbox: RoomOutbox

    init(_ outbox: RoomOutbox) {
        self.outbox = outbox
    }

    func received(_ message: ByteBuffer) { outbox.offer(.text(message)) }

    func closed(_ closure: SocketClosure) {}
}
