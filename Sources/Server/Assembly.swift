import Logging
import NIOCore
import NIOPosix
import Realtime
import ServiceLifecycle
import Store
import UnixSignals

/// A booted server, ready to run.
package struct Assembly: Sendable {
    private let services: ServiceGroup
    private let group: MultiThreadedEventLoopGroup
    package let pool: PostgresPool
    /// Held open for its lock.
    private let directory: DataDirectory
    private let signals: [UnixSignal]
    private let watchdog: DrainWatchdog

    /// - Parameter services: in the order in which they start; they are drained in the opposite one.
    init(
        services: [any Service], pool: PostgresPool, group: MultiThreadedEventLoopGroup, directory: DataDirectory,
        signals: [UnixSignal], watchdog: DrainWatchdog, logger: Logger
    ) {
        var quiet = logger
        // Its words about every step are for those who look for a hanging shutdown.
        quiet.logLevel = logger.logLevel <= .debug ? logger.logLevel : .error
        // A service that fails takes the others down in order, so that what is not durable yet still becomes it.
        self.services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { service in
                    .init(
                        service: Steady(service: service), successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                logger: quiet))
        self.signals = signals
        self.watchdog = watchdog
        self.pool = pool
        self.group = group
        self.directory = directory
    }

    /// Serves until a signal, `stop` or a failure; everything is drained and closed when it answers.
    package func run() async throws {
        let result = await withTaskGroup(of: Result<Void, any Error>?.self) { tasks in
            tasks.addTask {
                await self.obeySignals()
                return nil
            }
            tasks.addTask {
                do {
                    return .success(try await self.services.run())
                } catch {
                    return .failure(error)
                }
            }
            var result: Result<Void, any Error>?
            while result == nil, let next = await tasks.next() { result = next }
            tasks.cancelAll()
            return result ?? .success(())
        }
        try await group.shutdownGracefully()
        withExtendedLifetime(directory) {}
        try result.get()
    }

    /// Begins the drain, as SIGTERM does.
    package func stop() async { await services.triggerGracefulShutdown() }

    /// The first signal begins the drain; every further one says that nobody wants to wait for it.
    private func obeySignals() async {
        guard !signals.isEmpty else { return }
        for await _ in await UnixSignalsSequence(trapping: signals) {
            if watchdog.deadline.hasBegun {
                watchdog.deadline.hurry()
            } else {
                watchdog.begin()
                await stop()
            }
        }
    }
}

/// Keeps a service that has ended its work in the group until its own turn in the shutdown.
///
/// The drain ends several services' work before their turn comes; a service group that sees one end early cancels
/// all others, with what they still have to store.
private struct Steady: Service {
    let service: any Service

    func run() async throws {
        try await service.run()
        // A cancelled wait is an end like the graceful one.
        try? await gracefulShutdown()
    }
}
