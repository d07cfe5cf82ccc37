import Logging
import Protocol
import ServiceLifecycle

/// Runs jobs until the service group shuts down.
///
/// Each worker takes one job at a time, some of them none of low priority; notifications wake them, and a slow poll finds
/// what they missed. On a graceful
/// shutdown no job is begun any more; those under way may end, and what has not ended in time is given back.
package final class JobWorkers: Service, Sendable {
    let leases: JobLeases
    let handlers: JobHandlers
    let configuration: JobConfiguration
    let metrics = JobMetrics()
    let logger: Logger
    let bell = JobBell()
    private let schedules: JobSchedules
    private let pool: PostgresPool
    private let kinds: [String]

    package init(
        pool: PostgresPool, handlers: JobHandlers, configuration: JobConfiguration = JobConfiguration(),
        logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) {
        leases = JobLeases(pool: pool, length: configuration.lease, now: now)
        schedules = JobSchedules(pool: pool, now: now)
        self.handlers = handlers
        self.configuration = configuration
        self.logger = logger
        self.pool = pool
        kinds = handlers.kinds
    }

    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { watches in
                watches.addTask { await self.listen() }
                watches.addTask { await self.poll() }
                await withDiscardingTaskGroup { workers in
                    for number in 0..<self.configuration.workers {
                        let least = number < self.configuration.patientWorkers ? JobPriority.low : .normal
                        workers.addTask { await self.work(least) }
                    }
                }
                watches.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            self.bell.close()
        }
    }

    /// Makes the jobs of due schedules and runs every due job, one after the other, in the caller's task; answers how
    /// many were run.
    @discardableResult
    package func runDue() async throws -> Int {
        _ = try await schedules.makeDue()
        var count = 0
        while let job = try await leases.claim(kinds) {
            await execute(job)
            count += 1
        }
        return count
    }

    private func work(_ least: JobPriority) async {
        for await _ in bell.rings() {
            while !bell.isClosed, await workOnOne(least) {}
        }
    }

    private func workOnOne(_ least: JobPriority) async -> Bool {
        do {
            guard let job = try await leases.claim(kinds, least) else { return false }
            await execute(job)
            return true
        } catch {
            // The poll finds Postgres away as well, and says so.
            return false
        }
    }

    private func listen() async {
        await PostgresListener(
            channel: Jobs.channel, configuration: pool.configuration, logger: logger,
            onNotification: { [bell] in bell.ring() }
        ).run()
    }

    private func poll() async {
        var isAway = false
        while !Task.isCancelled {
            do {
                _ = try await schedules.makeDue()
                let stock = try await leases.stock()
                metrics.stock(due: stock.due, dead: stock.dead)
                if stock.due > 0 { bell.ring() }
                isAway = false
            } catch {
                if !isAway, !Task.isCancelled { logger.warning("jobs cannot be looked for: \(error)") }
                isAway = true
            }
            // Only cancellation ends the pause early, and the loop with it.
            try? await Task.sleep(for: configuration.poll)
        }
    }
}
