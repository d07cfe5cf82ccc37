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

    /// Told of each change, of different accounts and beside the others at once.
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

    /// Reads what changed in the last minutes and tells the observers what is new; returns when all of them are done.
    package func load() async throws { await tell(try await news()) }

    /// An account whose standing the observers do not know yet.
    private struct News: Sendable {
        let user: UserID
        let standing: Standing
    }

    /// Tells every observer of every account at once: what one of them waits for holds up no other.
    private func tell(_ news: [News]) async {
        let observers = state.withLock { $0.observers }
        await withDiscardingTaskGroup { group in
            for news in news {
                for observer in observers { group.addTask { await observer(news.user, news.standing) } }
            }
        }
    }

    /// Reads what is new.
    private func news() async throws -> [News] {
        let rows = try await pool.query(
            """
            select id, status, standing_changed_at from users
            where standing_changed_at > clock_timestamp() - interval '10 minutes'
            """, as: (UserID, Standing, Timestamp).self)
        return state.withLock { state in
            let fresh = rows.filter { state.known[$0.0] != $0.2 }
            state.known = Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.2) })
            state.suspended = Set(rows.filter { $0.1 == .suspended }.map(\.0))
            return fresh.map { News(user: $0.0, standing: $0.1) }
        }
    }

    /// Reads twice a second until shutdown; a reading does not wait for what observers do with an earlier one.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            let (readings, found) = AsyncStream.makeStream(of: [News].self)
            group.addTask {
                await self.polling.run {
                    let news = try await self.news()
                    if !news.isEmpty { found.yield(news) }
                }
                found.finish()
            }
            for await news in readings { group.addTask { await self.tell(news) } }
            group.cancelAll()
        }
    }
}
