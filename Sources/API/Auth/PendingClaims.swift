import Protocol
import Store

/// What may be left in an account by which somebody could get in, or move it, later on.
enum PendingClaims {
    /// Ends the email change that is under way and every link of a mail that was not used.
    static func end(of user: UserID, at time: Timestamp, on connection: isolated PostgresConnection) throws {
        try connection.execute("delete from email_changes where user_id = \(user) and changed_at is null")
        try endLinks(of: user, at: time, on: connection)
    }

    /// Ends every link of a mail that was not used; they go on counting towards the bound of mails.
    static func endLinks(of user: UserID, at time: Timestamp, on connection: isolated PostgresConnection) throws {
        try connection.execute(
            """
            update mail_links set expires_at = \(time)
            where user_id = \(user) and used_at is null and expires_at > \(time)
            """)
    }

    /// Removes the accounts elsewhere that were linked while nobody had proved the address; answers how many.
    static func endUnproven(of user: UserID, on connection: isolated PostgresConnection) throws -> Int {
        try connection.execute("delete from sign_in_identities where user_id = \(user) and not is_proven")
    }
}
