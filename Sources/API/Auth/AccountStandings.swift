import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// Notices on every node, twice a second, that an account was suspended, left, or came back, whoever changed it and how.
///
/// A suspension ends the account's sessions in its own transaction (a trigger does it), so that no token works any more; what
/// is open of the account is closed by the observers.
package final class AccountStandings: Service, Sendable {
    package enum Standing: String, Sendable, ColumnDecodable {
        case active, suspended, leaving, erasing
    }

    package typealias Observer = @Sendable (UserID, Standing) async -> Void

    private struct State {
        /// When the changes were made that the observers know of.
        var known: [UserID: Timestamp] = [:]
        var suspended: Set<UserID> = []
        var observers: [Observer] = []
    }

    private let pool: PostgresPool
    private let polling: Polling
    private let state = Mutex(State())

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        polling = Polling(
            every: .milliseconds(500),
            Polling.Words(
                fails: "accounts' standings cannot be read", succeeds: "accounts' standings can be read again"),
            logger: logger)
    }

    package func observe(_ observer: @escaping Observer) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Whether the account was seen to be suspended in the last minutes; before that its sessions had ended.
    package func isSuspended(_ user: UserID) -> Bool { state.withLock { $0.suspended.contains(user) } }

    /// Reads what changed in the last minutes and tells the observers what is new.
    package func load() async throws {
        let rows = try await pool.query(
            """
            select id, status, standing_changed_at from users
            where standing_changed_at > clock_timestamp() - interval '10 minutes'
            """, as: (UserID, Standing, Timestamp).self)
        let (fresh, observers) = state.withLock { state in
            let fresh = rows.filter { state.known[$0.0] != $0.2 }
            state.known = Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.2) })
            state.suspended = Set(rows.filter { $0.1 == .suspended }.map(\.0))
            return (fresh, state.observers)
        }
        for (user, standing, _) in fresh {
            for observer in observers { await observer(user, standing) }
        }
    }

    /// Reads twice a second until shutdown.
    package func run() async throws { await polling.run { try await self.load() } }
}
