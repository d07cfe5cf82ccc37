import Protocol
import Store

/// Links in mails: single secrets, stored hashed, each for one purpose and one address.
struct MailLinks: Sendable {
    enum Purpose: String, Sendable, SQLBindable, ColumnDecodable {
        case verifyEmail, resetPassword, confirmOldEmail, confirmNewEmail
        /// For an owner in whose place somebody else has turned on a second factor.
        case removeSecondFactor

        var lifetime: Duration {
            switch self {
            case .verifyEmail, .confirmOldEmail, .confirmNewEmail: .seconds(24 * 3600)
            case .resetPassword: .seconds(3600)
            case .removeSecondFactor: .seconds(7 * 24 * 3600)
            }
        }

        /// Whether an hour has room for so many of them only. Not for the one that may not be missing: how often a second
        /// factor is turned on is bounded instead.
        fileprivate var isBounded: Bool { self != .removeSecondFactor }
    }

    /// What a link is about, beyond its user.
    enum Matter: Sendable {
        case change(UUIDv7)
        /// The second factor that was turned on at this time.
        case factor(turnedOnAt: Timestamp)
    }

    let pool: PostgresPool
    let publicURL: String
    let now: @Sendable () -> Timestamp

    private var bound: MailBound { MailBound(now: now) }

    /// Stores a link inside the caller's transaction; nil when the user, or the address, got too many lately.
    ///
    /// - Parameter job: the one that sends it.
    func make(
        _ purpose: Purpose, for user: UserID, email: String, about matter: Matter? = nil, in job: UUIDv7,
        on connection: isolated PostgresConnection
    ) throws -> OpaqueSecret? {
        let time = now()
        if purpose.isBounded {
            let lately = try connection.first(
                """
                select count(*) from mail_links where user_id = \(user) and purpose = \(purpose)
                    and created_at > \(time - .seconds(3600))
                """, as: Int.self)
            guard lately ?? 0 < MailBound.mostPerHour,
                try bound.admit(purpose.rawValue, to: email, job, on: connection)
            else { return nil }
        }
        var change: UUIDv7?
        var factorAt: Timestamp?
        switch matter {
        case .change(let id): change = id
        case .factor(let time): factorAt = time
        case nil: break
        }
        let secret = OpaqueSecret()
        try connection.execute(
            """
            insert into mail_links (hash, user_id, purpose, email, change_id, factor_at, created_at, expires_at)
            values (\(secret.hash), \(user), \(purpose), \(email), \(change as UUIDv7?), \(factorAt as Timestamp?),
                \(time), \(time + purpose.lifetime))
            """)
        return secret
    }

    /// How long until `make` may make the user another link of this purpose to that address; nil when it may now.
    ///
    /// Tells who asks of mails that others may have caused: only for a user's own address.
    func pause(
        before purpose: Purpose, for user: UserID, email: String, on connection: isolated PostgresConnection
    ) throws -> Duration? {
        let hour = Duration.seconds(3600)
        let oldest = try connection.first(
            """
            select created_at from mail_links
            where user_id = \(user) and purpose = \(purpose) and created_at > \(now() - hour)
            order by created_at desc offset \(MailBound.mostPerHour - 1) limit 1
            """, as: Timestamp.self)
        let pauses = [
            oldest.map { $0 + hour - now() }, try bound.pause(before: purpose.rawValue, to: email, on: connection),
        ]
        return pauses.compactMap(\.self).max()
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
