import Protocol
import Store

/// The log of what concerns an account's security, for its owner to see.
struct SecurityEvents: Sendable {
    /// Older ones are removed.
    static let kept = Duration.seconds(365 * 24 * 3600)

    let pool: PostgresPool
    let now: @Sendable () -> Timestamp

    enum Order: ListOrder {
        static let name = "securityEvents"
        static let keys: [Cursor.Key] = [.id]
    }

    /// Writes an event inside the caller's transaction.
    func record(
        _ kind: SecurityEventKind, of user: UserID, session: SessionID? = nil, address: String?,
        on connection: isolated PostgresConnection
    ) throws {
        let time = now()
        try connection.execute(
            """
            insert into security_events (id, user_id, kind, session_id, address, at)
            values (\(UUIDv7.make(at: time)), \(user), \(kind.rawValue), \(session as SessionID?),
                \(address as String?), \(time))
            """)
    }

    /// The events of a user, the latest first.
    func list(of user: UserID, _ page: PageRequest) async throws -> Page<SecurityEvent> {
        let before: SQL = try page.after.map { "and id < \(try $0.id(0))" } ?? ""
        let rows = try await pool.rows(
            """
            select id, kind, session_id, address, at from security_events
            where user_id = \(user) \(before) order by id desc limit \(page.rowsToRead)
            """
        ) { row throws(StoreError) in
            SecurityEvent(
                id: try row.next(), kind: try row.next(), sessionId: try row.next(), address: try row.next(),
                at: try row.next())
        }
        return page.page(of: rows, cursor: { Cursor(after: $0.id.description) }, item: { $0 })
    }

    /// Removes events that are old, a few thousand at a time; answers how many.
    func removeOld() async throws -> Int {
        // Ids begin with their time, so the table's key finds old ones.
        let limit = UUIDv7.stamped(now() - Self.kept, random: 0, tail: 0)
        return try await pool.execute(
            """
            delete from security_events where id in (
                select id from security_events where id < \(limit) order by id limit \(Housekeeping.rowsAtOnce))
            """)
    }
}
