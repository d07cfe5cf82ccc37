import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// The sessions that were ended so lately that their access tokens have not expired by themselves.
///
/// Sessions ended on this node are known at once; those ended elsewhere with the next reading, twice a second. How long
/// ago that was only Postgres's clock tells, which has stamped the row; this machine's may say anything.
package final class RevokedSessions: Service, Sendable {
    /// How long a revoked session is remembered: the life of an access token and a minute for clocks.
    package static let remembered = Duration.seconds(16 * 60)

    private struct State {
        /// When each was met last, by the clock that nobody sets.
        var metAt: [SessionID: ContinuousClock.Instant] = [:]
        var observers: [@Sendable ([SessionID]) async -> Void] = []
    }

    private let pool: PostgresPool
    private let polling: Polling
    private let state = Mutex(State())

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        polling = Polling(
            every: .milliseconds(500),
            Polling.Words(
                fails: "revoked sessions cannot be read", succeeds: "revoked sessions can be read again"),
            logger: logger)
    }

    /// Calls `observer` with sessions that have just become known as ended, so that their sockets can be closed.
    package func observe(_ observer: @escaping @Sendable ([SessionID]) async -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    package func contains(_ sid: SessionID) -> Bool { state.withLock { $0.metAt[sid] != nil } }

    /// Reads what the last 16 minutes brought. Call once before serving.
    package func load() async throws {
        let seconds = Self.remembered.components.seconds
        let sids = try await pool.query(
            "select id from sessions where ended_at > clock_timestamp() - make_interval(secs => \(Double(seconds)))",
            as: SessionID.self)
        let now = ContinuousClock.now
        state.withLock { state in state.metAt = state.metAt.filter { now - $0.value < Self.remembered } }
        await add(sids)
    }

    /// Reads again twice a second until shutdown.
    package func run() async throws { await polling.run { try await self.load() } }

    /// Takes sessions that have ended, and tells the observers of those that were not known.
    package func add(_ sids: [SessionID]) async {
        let now = ContinuousClock.now
        let (fresh, observers) = state.withLock { state in
            (sids.filter { state.metAt.updateValue(now, forKey: $0) == nil }, state.observers)
        }
        guard !fresh.isEmpty else { return }
        for observer in observers { await observer(fresh) }
    }
}
