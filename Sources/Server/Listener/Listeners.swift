import API
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Realtime
import ServiceLifecycle
import Synchronization

/// The two ports of the process: the one for everybody and the one for operations.
struct Listeners: Sendable {
    private let configuration: Configuration
    private let sitePort: Int
    private let group: any EventLoopGroup
    private let readiness: Readiness
    private let deadline: DrainDeadline
    private let logger: Logger
    private let onReady: @Sendable (Ready) -> Void
    private let progress: Progress

    /// What is still to be bound before the server is ready.
    private final class Progress: Sendable {
        let state: Mutex<(missing: Int, ready: Ready)>
        init(_ ready: Ready) { state = Mutex((2, ready)) }
    }

    init(
        configuration: Configuration, sitePort: Int, group: any EventLoopGroup, readiness: Readiness, ready: Ready,
        deadline: DrainDeadline, logger: Logger, onReady: @escaping @Sendable (Ready) -> Void
    ) {
        self.configuration = configuration
        self.sitePort = sitePort
        self.group = group
        self.readiness = readiness
        self.deadline = deadline
        var logger = logger
        // Hummingbird's own words about ports would repeat ours.
        logger.logLevel = max(logger.logLevel, .notice)
        self.logger = logger
        self.onReady = onReady
        progress = Progress(ready)
    }

    func operations<Responder: HTTPResponder>(_ responder: Responder) -> any Service
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        Listener(
            name: "operations", portVariable: Variable.opsPort.name,
            address: .init(host: "127.0.0.1", port: configuration.operations.port), responder: responder,
            server: .http1(), eventLoops: group, drainTimeout: { [deadline] in min(.seconds(1), deadline.left) },
            logger: logger,
            // Operators see a server that takes no more connections.
            descriptorReserve: Descriptors.reserve / 2,
            onListening: { port in bound { $0.operationsPort = port } })
    }

    /// REST, pages and the socket on one port.
    ///
    /// - Parameter prepare: runs before connections are taken.
    func site(
        _ responder: APIResponder, _ port: SocketPort, prepare: @escaping @Sendable () async throws -> Void
    ) -> any Service {
        let server = HTTPServerBuilder { responder in port.channel(responder) }
        return Listener(
            name: "site", portVariable: Variable.port.name,
            address: .init(host: configuration.listener.host, port: sitePort), responder: responder, server: server,
            eventLoops: group, drainTimeout: { [deadline] in deadline.left }, logger: logger, prepare: prepare,
            onListening: { _ in bound { _ in } })
    }

    /// Notes a bound port; with both the server is ready.
    private func bound(_ note: @Sendable (inout Ready) -> Void) {
        let ready: Ready? = progress.state.withLock { state in
            note(&state.ready)
            state.missing -= 1
            return state.missing == 0 ? state.ready : nil
        }
        guard let ready else { return }
        readiness.become(.serving)
        ready.log(to: logger)
        onReady(ready)
    }
}
