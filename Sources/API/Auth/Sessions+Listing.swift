import Protocol
import Store

extension Sessions {
    enum Order: ListOrder {
        static let name = "sessions"
        static let keys: [Cursor.Key] = [.id]
    }

    /// The open sessions of a user, the latest first.
    func list(of user: UserID, current: SessionID, _ page: PageRequest) async throws -> Page<AccountSession> {
        let before: SQL = try page.after.map { "and id < \(try $0.id(0))" } ?? ""
        let rows = try await pool.rows(
            SessionStatements.open(of: user, at: now(), and: before, limit: page.rowsToRead)
        ) { row throws(StoreError) in
            AccountSession(
                id: try row.next(), device: try row.next(), address: try row.next(), createdAt: try row.next(),
                lastUsedAt: try row.next(), expiresAt: try row.next(), isCurrent: false)
        }
        return page.page(of: rows, cursor: { Cursor(after: $0.id.description) }) { session in
            var session = session
            session.isCurrent = session.id == current
            return session
        }
    }
}

extension Sessions {
    /// When each of these users signed in or renewed a session last; those who never did are left out.
    func lastActivity(of users: [UserID]) async throws -> [UserID: Timestamp] {
        let rows = try await pool.query(
            "select user_id, max(last_used_at) from sessions where user_id = any(\(users)) group by user_id",
            as: (UserID, Timestamp).self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0, $1) })
    }
}
