import Logging
import ServiceLifecycle

/// Marks the process as draining; as the last service to start it is the first to hear of the shutdown.
struct DrainSign: Service {
    let readiness: Readiness
    let watchdog: DrainWatchdog
    let logger: Logger

    func run() async throws {
        // A cancelled wait is an end like the graceful one.
        try? await gracefulShutdown()
        readiness.become(.draining)
        watchdog.begin()
        logger.notice("draining")
    }
}
