import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The two ports of the process: the one for everybody and the one for operations.
struct Listeners: Sendable {
    let configuration: Configuration
    let eventLoops: MultiThreadedEventLoopGroup
    let readiness: Readiness
    let directory: DataDirectory
    let database: Database
    let logger: Logger
    let onReady: @Sendable (Ready) -> Void
    private let ports = Ports()

    /// What was bound, as it becomes known.
    private final class Ports: Sendable {
        let bound = Mutex<(site: Int?, operations: Int?)>((nil, nil))
    }

    init(
        configuration: Configuration, eventLoops: MultiThreadedEventLoopGroup, readiness: Readiness,
        directory: DataDirectory, database: Database, logger: Logger, onReady: @escaping @Sendable (Ready) -> Void
    ) {
        self.configuration = configuration
        self.eventLoops = eventLoops
        self.readiness = readiness
        self.directory = directory
        self.database = database
        self.logger = logger
        self.onReady = onReady
    }

    /// Operations first: their port answers while the other one drains.
    func services<Site: HTTPResponder, Operations: HTTPResponder>(
        site: Site, operations: Operations
    ) -> [any Service]
    where
        Site.Context: InitializableFromSource<ApplicationRequestContextSource>,
        Operations.Context: InitializableFromSource<ApplicationRequestContextSource>
    {
        [
            Listener(
                name: "operations", portVariable: Variable.opsPort.name,
                address: .init(host: "127.0.0.1", port: configuration.operations.port), responder: operations,
                server: .http1(), eventLoops: eventLoops, drainTimeout: .seconds(1), logger: quietLogger,
                onListening: { port in bound { $0.operations = port } }),
            Listener(
                name: "site", portVariable: Variable.port.name,
                address: .init(host: configuration.listener.host, port: configuration.listener.port),
                responder: site, server: .http1(), eventLoops: eventLoops,
                drainTimeout: configuration.listener.drainTimeout, logger: quietLogger,
                onListening: { port in bound { $0.site = port } }),
            DrainSign(readiness: readiness, logger: logger),
        ]
    }

    /// Stops the event loops; only after all services have ended.
    func close() async throws { try await eventLoops.shutdownGracefully() }

    /// Notes a bound port; with both the server is ready.
    private func bound(_ note: @Sendable (inout (site: Int?, operations: Int?)) -> Void) {
        let (site, operations) = ports.bound.withLock {
            note(&$0)
            return $0
        }
        guard let site, let operations else { return }
        readiness.become(.serving)
        let ready = Ready(
            url: configuration.listener.publicURL?.description ?? "http://\(urlHost):\(site)",
            operationsURL: "http://127.0.0.1:\(operations)", dataDirectory: directory.path,
            database: database.commandLine)
        ready.log(to: logger)
        onReady(ready)
    }

    /// The host as a browser on this machine opens it.
    private var urlHost: String {
        let host = configuration.listener.host
        if host == "0.0.0.0" || host == "::" { return "localhost" }
        return host.contains(":") ? "[\(host)]" : host
    }

    /// Hummingbird's own words about ports would repeat ours.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        return logger
    }
}

/// Marks the process as draining; as the last service it is the first to hear of the shutdown.
private struct DrainSign: Service {
    let readiness: Readiness
    let logger: Logger

    func run() async throws {
        // A cancelled wait is an end like the graceful one.
        try? await gracefulShutdown()
        readiness.become(.draining)
        logger.notice("draining")
    }
}
