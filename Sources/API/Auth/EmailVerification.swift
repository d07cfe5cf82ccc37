import Protocol
import Store

/// Proves that an account's email address belongs to its owner, by a link that works for a day.
struct EmailVerification: Sendable {
    static let linkLifetime = Duration.seconds(24 * 3600)

    let pool: PostgresPool
    let mail: MailDrop
    let publicURL: String
    let now: @Sendable () -> Timestamp

    /// Stores a link for the address inside the caller's transaction.
    func makeLink(
        for user: UserID, email: String, on connection: isolated PostgresConnection
    ) throws -> OpaqueSecret {
        let secret = OpaqueSecret()
        let time = now()
        try connection.execute(
            """
            insert into mail_links (hash, user_id, purpose, email, created_at, expires_at)
            values (\(secret.hash), \(user), 'verifyEmail', \(email), \(time), \(time + Self.linkLifetime))
            """)
        return secret
    }

    /// Sends the link.
    func send(_ secret: OpaqueSecret, to email: String, displayName: String) async throws {
        let link = "\(publicURL)/v1/auth/verify-email?token=\(secret.text)"
        let text = """
            Hello \(displayName),

            this link verifies your email address at FitAI. It works for one day:

            \(link)

            If you have not signed up, somebody mistyped an address; nothing more will come.
            """
        try await mail.deliver(Mail(to: email, subject: "Verify your email address", text: text))
    }

    /// Sends a new link, unless the address is verified.
    func resend(to user: UserID) async throws {
        let pending = try await pool.transaction { connection in
            let row = try connection.first(
                "select email, display_name from users where id = \(user) and verified_at is null",
                as: (String, String).self)
            guard let (email, displayName) = row else { return nil as (OpaqueSecret, String, String)? }
            return (try makeLink(for: user, email: email, on: connection), email, displayName)
        }
        guard let (secret, email, displayName) = pending else { return }
        try await send(secret, to: email, displayName: displayName)
    }

    /// Verifies the address the link was sent to. Throws `linkInvalid`; a link that was used works again.
    func verify(_ token: String) async throws {
        guard let secret = OpaqueSecret(token) else { throw Problem(.linkInvalid) }
        let time = now()
        let isVerified = try await pool.transaction { connection in
            let verified = try connection.execute(
                """
                update users u set verified_at = coalesce(u.verified_at, \(time)), version = u.version + 1
                from mail_links l
                where l.hash = \(secret.hash) and l.purpose = 'verifyEmail' and u.id = l.user_id
                  and u.email = l.email and (l.expires_at > \(time) or l.used_at is not null)
                """)
            try connection.execute(
                "update mail_links set used_at = coalesce(used_at, \(time)) where hash = \(secret.hash)")
            return verified == 1
        }
        guard isVerified else { throw Problem(.linkInvalid) }
    }

    /// Removes links that verify nothing any more, a few thousand at a time; answers how many.
    func removeExpired() async throws -> Int {
        try await pool.execute(
            """
            delete from mail_links where ctid in (
                select ctid from mail_links where expires_at < \(now() - Sessions.endedAreKept)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }

    /// Whether the user's address is verified by now.
    func isVerified(_ user: UserID) async throws -> Bool {
        try await pool.first("select verified_at is not null from users where id = \(user)", as: Bool.self) ?? false
    }
}
