import Protocol
import Store

/// What may be left in an account by which somebody could get in, or move it, later on.
enum PendingClaims {
    /// Ends the email change that is under way, a second factor that was never turned on, and every link of a mail that
    /// was not used, but for those that remove a second factor: who turned it on may as well change the password.
    static func end(of user: UserID, at time: Timestamp, on connection: isolated PostgresConnection) throws {
        try connection.execute("delete from email_changes where user_id = \(user) and changed_at is null")
        try connection.execute("delete from second_factors where user_id = \(user) and confirmed_at is null")
        try endLinks(of: user, sparing: .removeSecondFactor, at: time, on: connection)
    }

    /// Ends every link of a mail that was not used; they go on counting towards the bound of mails.
    static func endLinks(
        of user: UserID, sparing spared: MailLinks.Purpose? = nil, at time: Timestamp,
        on connection: isolated PostgresConnection
    ) throws {
        try connection.execute(
            """
            update mail_links set expires_at = \(time)
            where user_id = \(user) and used_at is null and expires_at > \(time)
              and purpose is distinct from \(spared as MailLinks.Purpose?)
            """)
    }

    /// Removes the links to accounts elsewhere, answers how many. The owner's own joins again by its verified address.
    static func endIdentities(of user: UserID, on connection: isolated PostgresConnection) throws -> Int {
        try connection.execute("delete from sign_in_identities where user_id = \(user)")
    }
}
