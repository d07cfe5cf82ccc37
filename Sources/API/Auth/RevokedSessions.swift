import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// The sessions that were ended so lately that their access tokens have not expired by themselves.
///
/// Sessions ended on this node are known at once; those ended elsewhere with the next reading, twice a second.
package final class RevokedSessions: Service, Sendable {
    /// How long a revoked session is remembered: the life of an access token and a minute for clocks.
    package static let remembered = Duration.seconds(16 * 60)

    private struct State {
        var revokedAt: [SessionID: Timestamp] = [:]
        var observers: [@Sendable ([SessionID]) async -> Void] = []
        var isReadable = true
    }

    private let pool: PostgresPool
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    package init(pool: PostgresPool, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.logger = logger
        self.now = now
    }

    /// Calls `observer` with sessions that have just become known as ended, so that their sockets can be closed.
    package func observe(_ observer: @escaping @Sendable ([SessionID]) async -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    package func contains(_ sid: SessionID) -> Bool { state.withLock { $0.revokedAt[sid] != nil } }

    /// Takes sessions that this node has just ended, and tells the observers.
    package func add(_ sids: [SessionID]) async {
        await take(sids.map { ($0, now()) })
    }

    /// Reads what the last 16 minutes brought. Call once before serving.
    package func load() async throws {
        let since = now() - RevokedSessions.remembered
        let rows = try await pool.query(
            "select id, revoked_at from sessions where revoked_at > \(since)", as: (SessionID, Timestamp).self)
        state.withLock { state in state.revokedAt = state.revokedAt.filter { $0.value > since } }
        await take(rows)
    }

    /// Reads again twice a second until shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Only cancellation ends the sleep early, and that the loop sees.
                try? await Task.sleep(for: .milliseconds(500))
                await self.reread()
            }
        }
    }

    private func reread() async {
        do {
            try await load()
            let wasAway = state.withLock { state in
                defer { state.isReadable = true }
                return !state.isReadable
            }
            if wasAway { logger.notice("revoked sessions can be read again") }
        } catch is CancellationError {
            return
        } catch StoreError.cancelled {
            return
        } catch {
            // Live goes on without Postgres; said once, not every second.
            let isNews = state.withLock { state in
                defer { state.isReadable = false }
                return state.isReadable
            }
            if isNews { logger.warning("revoked sessions cannot be read: \(error)") }
        }
    }

    private func take(_ sids: [(SessionID, Timestamp)]) async {
        let (fresh, observers) = state.withLock { state in
            let fresh = sids.filter { state.revokedAt.updateValue($0.1, forKey: $0.0) == nil }.map(\.0)
            return (fresh, state.observers)
        }
        guard !fresh.isEmpty else { return }
        for observer in observers { await observer(fresh) }
    }
}
