import Glibc
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Realtime
import ServiceLifecycle
import UnixSignals

/// Echoes text and binary messages on the product's socket code, for conformance suites: `EchoTarget --port N`.
/// Never part of the served product.
@main
struct EchoTarget {
    static func main() async throws {
        guard let port = port(CommandLine.arguments) else {
            print("usage: EchoTarget [--port N]   (default 9001, loopback only)")
            return
        }
        var logger = Logger(label: "echo")
        logger.logLevel = .error
        let group = MultiThreadedEventLoopGroup.singleton
        let sockets = SocketHost(
            configuration: configuration, group: group, logger: logger,
            authorise: { _ in .refused }, makeSession: { connection, _ in EchoSession(connection) })
        let channel = LiveServerChannel(sockets: sockets) { _, writer, _ in
            try await writer.writeResponse(HTTPResponse(status: .notFound, headerFields: [.contentLength: "0"]))
        }
        let server = channel.server(
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in
                print("echo target on ws://127.0.0.1:\(port)/")
                fflush(nil)
            },
            eventLoopGroup: group, logger: logger)
        try await ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }

    /// Bounds wide enough for the suites' largest messages (16 MiB), any subprotocol, any origin.
    private static var configuration: SocketConfiguration {
        var configuration = SocketConfiguration()
        configuration.path = "/"
        configuration.subprotocol = nil
        configuration.origins = nil
        configuration.takesBinary = true
        configuration.messageLimitBytes = 32 * 1024 * 1024
        configuration.totalLimitBytes = 256 * 1024 * 1024
        configuration.queueLimitBytes = 256 * 1024 * 1024
        configuration.sendBufferBytes = nil
        return configuration
    }

    private static func port(_ arguments: [String]) -> Int? {
        switch arguments.count {
        case 1: 9001
        case 3 where arguments[1] == "--port": Int(arguments[2])
        default: nil
        }
    }
}

/// Answers each message with itself.
private final class EchoSession: SocketSession {
    private let connection: SocketConnection

    init(_ connection: SocketConnection) {
        self.connection = connection
    }

    func received(_ message: ByteBuffer) { connection.send(.text(message), as: .answer) }

    func receivedBinary(_ message: ByteBuffer) { connection.send(.binary(message), as: .answer) }

    func closed(_ closure: SocketClosure) {}
}
