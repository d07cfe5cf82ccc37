import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import Realtime

/// A session that answers each text with itself and tells the test what happens to its connection.
final class TalkingSession: SocketSession {
    private let connection: SocketConnection
    private let log: SessionLog

    init(_ connection: SocketConnection, _ request: UpgradeRequest, _ log: SessionLog) {
        self.connection = connection
        self.log = log
        log.opened(connection, request)
    }

    func received(_ message: ByteBuffer) {
        let text = String(buffer: message)
        if text == "hold" { connection.hold() }
        connection.send(.text(message), as: .answer)
    }

    func receivedBinary(_ message: ByteBuffer) {
        connection.send(.binary(message), as: .answer)
    }

    func closed(_ closure: SocketClosure) { log.closed(closure) }
}

/// The connections of a test's server and their ends, in order.
final class SessionLog: Sendable {
    struct Opened: Sendable {
        let connection: SocketConnection
        let request: UpgradeRequest
    }

    let openings: AsyncStream<Opened>
    let closures: AsyncStream<SocketClosure>
    private let opening: AsyncStream<Opened>.Continuation
    private let closing: AsyncStream<SocketClosure>.Continuation

    init() {
        (openings, opening) = AsyncStream.makeStream(of: Opened.self, bufferingPolicy: .bufferingNewest(10_000))
        (closures, closing) = AsyncStream.makeStream(
            of: SocketClosure.self, bufferingPolicy: .bufferingNewest(10_000))
    }

    func opened(_ connection: SocketConnection, _ request: UpgradeRequest) {
        opening.yield(Opened(connection: connection, request: request))
    }

    func closed(_ closure: SocketClosure) { closing.yield(closure) }

    /// The next connection that opens, or opened unasked for.
    func nextOpening() async throws -> Opened {
        for await opened in openings { return opened }
        throw CancellationError()
    }

    func nextClosure() async throws -> SocketClosure {
        for await closure in closures { return closure }
        throw CancellationError()
    }

    /// A host whose sessions talk to this log.
    /// - Parameter change: what the test needs other than by default; origins and subprotocols are free.
    func host(
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        _ change: (inout SocketConfiguration) -> Void = { _ in },
        authorise: @escaping SocketHost.Authorise = { $0 == "good" ? .accepted(identity: "ann") : .refused }
    ) -> SocketHost {
        var configuration = SocketConfiguration()
        configuration.tick = .milliseconds(20)
        // Most tests end while their sockets are open, and raw sockets do not answer a close frame.
        configuration.closeGrace = .milliseconds(300)
        change(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return SocketHost(
            configuration: configuration, group: group, logger: logger, authorise: authorise,
            makeSession: { TalkingSession($0, $1, self) })
    }
}

extension SocketConnection {
    /// Runs `body` on the connection's event loop.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (SocketConnection) throws -> Value) async throws -> Value {
        try await eventLoop.submit { try body(self) }.get()
    }
}
