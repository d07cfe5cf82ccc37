import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// A booted server, ready to run.
package struct Assembly: Sendable {
    private let services: ServiceGroup
    private let group: MultiThreadedEventLoopGroup
    /// Held open for its lock.
    private let directory: DataDirectory

    /// - Parameter services: in the order in which they start; they are drained in the opposite one.
    init(
        services: [any Service], group: MultiThreadedEventLoopGroup, directory: DataDirectory, signals: [UnixSignal],
        logger: Logger
    ) {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        // A service that fails takes the others down in order, so that what is not durable yet still becomes it.
        self.services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { service in
                    .init(
                        service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: signals, logger: quiet))
        self.group = group
        self.directory = directory
    }

    /// Serves until a signal, `stop` or a failure; everything is drained and closed when it answers.
    package func run() async throws {
        let result: Result<Void, any Error>
        do {
            try await services.run()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        withExtendedLifetime(directory) {}
        try result.get()
    }

    /// Begins the drain, as SIGTERM does.
    package func stop() async { await services.triggerGracefulShutdown() }
}
