import Protocol
import Store

extension Users {
    /// Marks an account whose grace is over as being erased, from where no sign-in brings it back; answers its address.
    ///
    /// Nil for an account that is not due: kept, or gone already.
    func beginErasure(of user: UserID, at time: Timestamp) async throws -> String? {
        try await pool.first(
            """
            update users set status = 'erasing'
            where id = \(user) and (status = 'erasing' or status = 'leaving' and deletion_due_at <= \(time))
            returning email
            """, as: String.self)
    }

    /// Removes the user's row, and by its references all that hangs on it: sessions, relations, goals, ratings and more.
    func erase(_ user: UserID) async throws {
        try await pool.execute("delete from users where id = \(user) and status = 'erasing'")
    }
}
