import Protocol
import Store

/// Links in mails: single secrets, stored hashed, each for one purpose and one address.
struct MailLinks: Sendable {
    enum Purpose: String, Sendable, SQLBindable, ColumnDecodable {
        case verifyEmail, resetPassword, confirmOldEmail, confirmNewEmail

        var lifetime: Duration { self == .resetPassword ? .seconds(3600) : .seconds(24 * 3600) }
    }

    /// More of one purpose are not sent to a user within an hour: nobody's mailbox is to be flooded from here.
    private static let mostPerHour = 5

    let pool: PostgresPool
    let publicURL: String
    let now: @Sendable () -> Timestamp

    /// Stores a link inside the caller's transaction; nil when the user got too many lately.
    func make(
        _ purpose: Purpose, for user: UserID, email: String, change: UUIDv7? = nil,
        on connection: isolated PostgresConnection
    ) throws -> OpaqueSecret? {
        let secret = OpaqueSecret()
        let time = now()
        let made = try connection.execute(
            """
            insert into mail_links (hash, user_id, purpose, email, change_id, created_at, expires_at)
            select \(secret.hash), \(user), \(purpose), \(email), \(change as UUIDv7?), \(time),
                \(time + purpose.lifetime)
            where (select count(*) from mail_links where user_id = \(user) and purpose = \(purpose)
                and created_at > \(time - .seconds(3600))) < \(Self.mostPerHour)
            """)
        return made == 1 ? secret : nil
    }

    /// How long a user has to wait until `make` makes one of this purpose again; nil where it does so now.
    func pause(
        before purpose: Purpose, for user: UserID, on connection: isolated PostgresConnection
    ) throws -> Duration? {
        let hour = Duration.seconds(3600)
        let oldest = try connection.first(
            """
            select created_at from mail_links
            where user_id = \(user) and purpose = \(purpose) and created_at > \(now() - hour)
            order by created_at desc offset \(Self.mostPerHour - 1) limit 1
            """, as: Timestamp.self)
        return oldest.map { $0 + hour - now() }
    }

    /// The address of a route of ours that takes the secret as `?token=`.
    func url(_ path: StaticString, _ secret: OpaqueSecret) -> String { "\(publicURL)\(path)?token=\(secret.text)" }

    /// The address of a page of ours; the secret stands behind `#`, where no server and no log sees it.
    func page(_ path: StaticString, _ secret: OpaqueSecret) -> String { "\(publicURL)\(path)#token=\(secret.text)" }

    /// Removes links that lead nowhere any more, a few thousand at a time; answers how many.
    func removeExpired() async throws -> Int {
        try await pool.execute(
            """
            delete from mail_links where ctid in (
                select ctid from mail_links where expires_at < \(now() - Sessions.endedAreKept)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }
}
