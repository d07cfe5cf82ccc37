import Logging
import Realtime
import ServiceLifecycle

/// What a drain does first: all that was applied becomes durable or is spilled, clients hear of it and are sent away.
struct LiveDrain: Service {
    let node: LiveNode
    let sockets: SocketHost
    let spill: Spill
    let watchdog: DrainWatchdog
    let logger: Logger

    /// When the clients are asked to come back.
    private static let retryAfter = Duration.seconds(1)
    /// Many clients are sent away over this time, so that they do not all come back at once.
    private static let spread = Duration.seconds(2)

    func run() async throws {
        // A cancelled wait is an end like the graceful one.
        try? await gracefulShutdown()
        // Another service's failure may have come before the sign.
        watchdog.begin()
        node.live.sayGoodbye(retryAfter: Self.retryAfter)
        let lost: Spill.Failure?
        do throws(Spill.Failure) {
            try await node.drain(until: watchdog.deadline, spill: spill)
            watchdog.noteKept()
            lost = nil
        } catch {
            logger.critical("ops that were applied but not durable are lost", error: error)
            lost = error
        }
        let spread = sockets.connectionCount > 100 ? min(Self.spread, watchdog.deadline.left / 2) : .zero
        await sockets.drain(over: spread)
        if let lost { throw lost }
    }
}
