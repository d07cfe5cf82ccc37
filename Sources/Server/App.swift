import API
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Protocol
import Realtime
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
        let assembly = try await assemble(handlingSignals: true, onReady: onReady)
        try await assembly.run()
    }

    /// Boots everything but the listeners: data directory, Postgres, migrations, the library, keys.
    ///
    /// - Parameter handlingSignals: whether SIGTERM and SIGINT begin the drain.
    /// - Throws: `BootFault` when it cannot start; nothing is left running then.
    package func assemble(
        handlingSignals: Bool = false, onReady: @escaping @Sendable (Ready) -> Void
    ) async throws -> Assembly {
        Descriptors.raiseLimit(logger: logger)
        let directory = try DataDirectory(configuration.storage.dataDirectory)
        let pages = try loadedPages()
        let certificates = try configuration.listener.tls.map { files throws(BootFault) in
            try Certificates(files, logger: logger)
        }
        let database = try await Database.open(
            configuration.storage, in: directory, environment: environment, logger: logger)
        let threads = configuration.listener.eventLoops ?? System.coreCount
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        do {
            return try await assemble(
                Base(
                    directory: directory, pages: pages, certificates: certificates, database: database, group: group),
                handlingSignals ? [.sigterm, .sigint] : [], onReady)
        } catch {
            await database.close()
            try await group.shutdownGracefully()
            throw error
        }
    }

    private struct Base: Sendable {
        let directory: DataDirectory
        let pages: Pages
        /// Nil: plain HTTP.
        let certificates: Certificates?
        let database: Database
        let group: MultiThreadedEventLoopGroup
    }

    /// Half of what may wait for Postgres: an op takes less on disk than the entry it is in memory.
    private var spillBytes: Int { min(configuration.storage.queueBytes / 2, 256 << 20) }

    private func assemble(
        _ base: Base, _ signals: [UnixSignal], _ onReady: @escaping @Sendable (Ready) -> Void
    ) async throws -> Assembly {
        let pool = base.database.pool
        let listener = configuration.listener
        let port = try await FreePort.resolve(listener.port, host: listener.host, group: base.group)
        let address = PublicAddress(listener, port: port)
        let accounts = try await Accounts(pool: pool, directory: base.directory, logger: logger)
        let memory = MemoryWatch(MemoryBound.found(configured: configuration.storage.memoryBytes), logger: logger)
        let live = LiveServices(
            foundation: LiveFoundation(
                pool: pool, pools: base.database.livePools, people: People(storedIn: base.database.livePools.rooms),
                catalog: try await library(pool), group: base.group, logger: logger),
            accounts: accounts, settings: LiveSettings(configuration, origins: address.origins, memory: memory),
            spill: Spill(
                directory: try base.directory.subdirectory("spill"), reserveBytes: spillBytes, logger: logger))
        let watchdog = DrainWatchdog(within: listener.drainTimeout, endsProcess: !signals.isEmpty, logger: logger)
        watchdog.whenLate {
            pool.abandon()
            live.node.abandonStatements()
        }
        let watch = HealthWatch(
            configuration: configuration, database: base.database, live: live, memory: memory, logger: logger)
        let api = API(
            configuration: try apiConfiguration(address, base.directory, memory),
            foundation: APIFoundation(
                pool: pool, keys: accounts.keys, revoked: accounts.revoked, tokens: accounts.tokens, logger: logger),
            live: live.hooks, rooms: live.node.rooms, extra: watch.routes)
        let ready = Ready(
            url: address.url, listening: address.listening, operationsPort: configuration.operations.port,
            dataDirectory: base.directory.path,
            database: base.database.commandLine)
        let listeners = Listeners(
            configuration: configuration, sitePort: port, group: base.group, readiness: watch.readiness,
            ready: ready, deadline: watchdog.deadline, logger: logger, onReady: onReady)
        let services: [any Service] =
            base.database.services
            + [watch.probe, watch.durability, memory, accounts.revoked, accounts.standings, api.jobs] + api.services
            + [listeners.operations(OperationsRoutes(registry: registry, watch: watch).router().buildResponder())]
            + live.node.services
            + (base.certificates.map { [$0] } ?? [])
            + [
                listeners.site(
                    api.responder(pages: PagesResponder(pages: base.pages)),
                    SocketPort(sockets: live.sockets, certificates: base.certificates)
                ) {
                    try await live.recover(pool: pool)
                },
                live.drainService(watchdog),
                DrainSign(readiness: watch.readiness, watchdog: watchdog, logger: logger),
            ]
        return Assembly(
            services: services, pool: pool, group: base.group, directory: base.directory, signals: signals,
            watchdog: watchdog, logger: logger)
    }

    private func apiConfiguration(
        _ address: PublicAddress, _ directory: DataDirectory, _ memory: MemoryWatch
    ) throws -> APIConfiguration {
        guard let mailFrom = configuration.accounts.mailFrom else {
            preconditionFailure("a configuration without faults has a sender of mails")
        }
        let mail: MailTransport =
            if let server = configuration.accounts.mailServer {
                .server(server)
            } else {
                .drop(directory: URL(filePath: try directory.subdirectory("mail")))
            }
        var api = APIConfiguration(
            publicURL: address.url, allowedOrigins: address.origins, mail: mail, mailFrom: mailFrom,
            exportDirectory: URL(filePath: try directory.subdirectory("exports")),
            objects: configuration.objects.s3.map { .s3($0) } ?? .disk(directory: URL(filePath: directory.path)))
        api.version = Release.version
        api.isShortOfMemory = { memory.isShort }
        api.spoolDirectory = try directory.subdirectory("spool")
        api.passwordPepper = configuration.accounts.passwordPepper
        api.google = configuration.accounts.google
        api.github = configuration.accounts.github
        api.trustedProxies = configuration.listener.trustedProxies
        api.handlerTimeout = configuration.listener.requestTimeout
        api.limits.exemptRoles = Set(configuration.limits.exemptRoles)
        let rate = configuration.limits.requestsPerMinute
        let shares: [(LimitClass, Int)] = [(.read, rate), (.write, max(1, rate / 2)), (.account, max(1, rate / 20))]
        for (limit, calls) in shares {
            api.limits.perUser[limit] = Allowance(calls: calls)
            api.limits.perAddress[limit] = Allowance(calls: limit == .account ? calls : calls * 5)
        }
        return api
    }

    /// The library, exercises and programs, brought to its shipped state.
    private func library(_ pool: PostgresPool) async throws -> ExerciseCatalog {
        let added = try await ExerciseSeed.load(into: pool)
        if added > 0 { logger.info("exercises were added to the library", metadata: ["exercises": "\(added)"]) }
        try await TemplateSeed.load(into: pool, at: .now)
        return try await Exercises(pool: pool).catalog()
    }

    private func loadedPages() throws(BootFault) -> Pages {
        do {
            let pages = try Pages(directory: configuration.listener.webDirectory)
            return pages.adding(explorer: configuration.listener.explorerDirectory)
        } catch {
            if configuration.listener.webDirectoryIsGiven { throw error }
            logger.warning("no pages are served", error: error)
            return .none
        }
    }
}
