import Logging
import Metrics
import ServiceLifecycle
import Store
import Synchronization

/// Asks Postgres once a second whether it is there, so that a health check costs no query.
final class DatabaseProbe: Service {
    private let pool: PostgresPool
    private let logger: Logger
    private let reachable = Atomic<Bool>(true)
    private let gauge = Gauge(label: "fitai_database_up")

    /// Starts as reachable: the boot has just spoken to it.
    init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    var isReachable: Bool { reachable.load(ordering: .relaxed) }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    await self.look()
                    try await Task.sleep(for: .seconds(1))
                }
            }
        } catch is CancellationError {
            return
        }
    }

    /// Stores the state before it tells of it: who reads the log line and asks gets the new one.
    private func look() async {
        do {
            _ = try await pool.with(deadline: .seconds(2)) { try $0.query("select 1", as: Int.self) }
            if note(isThere: true) { logger.notice("Postgres is back") }
        } catch {
            if Task.isCancelled { return }
            if note(isThere: false) { logger.error("Postgres is away; live goes on for open rooms", error: error) }
        }
    }

    /// Whether that is news.
    private func note(isThere: Bool) -> Bool {
        gauge.record(isThere ? 1 : 0)
        return reachable.exchange(isThere, ordering: .relaxed) != isThere
    }
}
