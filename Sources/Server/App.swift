import Hummingbird
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Protocol
import ServiceLifecycle
import Store
import UnixSignals

/// The whole server, put together in one place from its configuration.
package struct App: Sendable {
    let configuration: Configuration
    /// The environment that Postgres's programs are found in.
    let environment: [String: String]
    let logger: Logger
    let registry: PrometheusRegistry

    /// - Parameter registry: the one swift-metrics was bootstrapped with.
    package init(
        configuration: Configuration, environment: [String: String], logger: Logger, registry: PrometheusRegistry
    ) {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        self.registry = registry
    }

    /// Boots and serves until SIGTERM or SIGINT, then drains.
    ///
    /// - Parameter onReady: called once, when requests are taken.
    /// - Throws: `BootFault` when it cannot start.
    package func run(onReady: @escaping @Sendable (Ready) -> Void) async throws {
        let assembly = try await assemble(signals: [.sigterm, .sigint], onReady: onReady)
        try await assembly.run()
    }

    /// Boots everything but the listeners: data directory, Postgres, migrations.
    func assemble(signals: [UnixSignal], onReady: @escaping @Sendable (Ready) -> Void) async throws -> Assembly {
        let directory = try DataDirectory(configuration.storage.dataDirectory)
        let pages = try loadedPages()
        let database = try await Database.open(
            configuration.storage, in: directory, environment: environment, logger: logger)
        let readiness = Readiness()
        let probe = DatabaseProbe(pool: database.pool, logger: logger)
        let queueLimit = configuration.storage.queueBytes
        let health = Health(
            readiness: readiness, databaseIsReachable: { probe.isReachable },
            queue: { Health.QueueLevel(bytes: 0, limitBytes: queueLimit) })
        let threads = configuration.listener.eventLoops ?? System.coreCount
        let listeners = Listeners(
            configuration: configuration, eventLoops: MultiThreadedEventLoopGroup(numberOfThreads: threads),
            readiness: readiness, directory: directory, database: database, logger: logger, onReady: onReady)
        let operations = OperationsRoutes(registry: registry, health: health, startedAt: .now, database: database)
        let services =
            database.services + [probe]
            + listeners.services(
                site: PagesResponder<BasicRequestContext>(pages: pages),
                operations: operations.router().buildResponder())
        return Assembly(services: services, listeners: listeners, signals: signals, logger: logger)
    }

    private func loadedPages() throws(BootFault) -> Pages {
        do {
            return try Pages(directory: configuration.listener.webDirectory)
        } catch {
            if configuration.listener.webDirectoryIsGiven { throw error }
            logger.warning("no pages are served", error: error)
            return .none
        }
    }
}
