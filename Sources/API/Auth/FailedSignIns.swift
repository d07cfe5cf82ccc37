import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// Attempts that were refused, on their way into the log and into the security events of their accounts.
///
/// They are gathered in memory and written together, so that an answer takes the same time whether or not there is such
/// an account. Each kind is written at most twenty times a day for an account: a stranger can't fill it.
final class FailedSignIns: Service, Sendable {
    private struct Failure: Sendable {
        let id: UUIDv7
        let kind: SecurityEventKind
        let user: UserID
        let session: SessionID?
        let address: String
        let at: Timestamp
    }

    static let mostADay = 20
    /// More are not kept until they are written; the log has them all the same.
    private static let mostWaiting = 2000

    private let pool: PostgresPool
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let polling: Polling
    private let waiting = Mutex<[Failure]>([])

    init(pool: PostgresPool, logger: Logger, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.logger = logger
        self.now = now
        polling = Polling(
            every: .seconds(1),
            Polling.Words(
                fails: "refused attempts cannot be written", succeeds: "refused attempts can be written again"),
            logger: logger)
    }

    /// Records a refused attempt; `user` is nil if the account doesn't exist.
    func note(_ kind: SecurityEventKind, of user: UserID?, session: SessionID? = nil, from origin: Sessions.Origin) {
        logger.notice(
            "an attempt was refused",
            metadata: [
                "auth.refusal": "\(kind.rawValue)", "user.id": "\(user?.description ?? "unknown")",
                "request.id": "\(origin.requestId)",
            ])
        guard let user else { return }
        let time = now()
        let failure = Failure(
            id: UUIDv7.make(at: time), kind: kind, user: user, session: session, address: origin.address, at: time)
        waiting.withLock { if $0.count < Self.mostWaiting { $0.append(failure) } }
    }

    /// Writes every second what waits, and what is left at the end. What can't be written waits, within its bound.
    func run() async throws {
        await polling.run { try await self.flush() }
        await polling.attempt { try await self.flush() }
    }

    /// Writes what waits.
    func flush() async throws {
        let failures = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !failures.isEmpty else { return }
        do {
            try await insert(failures)
        } catch {
            waiting.withLock { $0 = Array((failures + $0).prefix(Self.mostWaiting)) }
            throw error
        }
    }

    private func insert(_ failures: [Failure]) async throws {
        let day = UUIDv7.stamped(now() - .seconds(24 * 3600), random: 0, tail: 0)
        try await pool.execute(
            """
            insert into security_events (id, user_id, kind, session_id, address, at)
            select f.id, f.user_id, f.kind, f.session_id, f.address, f.at
            from (select *, row_number() over (partition by user_id, kind order by id) as place
                from unnest(\(failures.map(\.id))::uuid[], \(failures.map(\.user))::uuid[],
                    \(failures.map(\.kind.rawValue))::text[], \(failures.map(\.session))::uuid[],
                    \(failures.map(\.address))::text[], \(failures.map(\.at))::timestamptz[])
                    as given (id, user_id, kind, session_id, address, at)) f
            where exists (select from users u where u.id = f.user_id)
              and f.place + (select count(*) from (
                  select from security_events e where e.user_id = f.user_id and e.id > \(day) and e.kind = f.kind
                  limit \(Self.mostADay)) late) <= \(Self.mostADay)
            on conflict do nothing
            """)
    }
}
