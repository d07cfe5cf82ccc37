import Protocol
import Store

/// Asks one of the two addresses to confirm a change.
struct EmailChangeMail: JobPayload {
    static let kind = "auth.emailChangeMail"

    enum Side: String, Codable, Sendable {
        case old, new
    }

    var changeId: UUIDv7
    var side: Side
}

/// Another email address for an account, confirmed at both within a day.
struct EmailChange: Sendable {
    let pool: PostgresPool
    let mail: AccountMail
    let events: SecurityEvents
    let now: @Sendable () -> Timestamp

    private static let lifetime = Duration.seconds(24 * 3600)

    /// Begins a change, in place of one that is under way. An old address that never was verified is not asked.
    ///
    /// Throws `StaleProof`, `sessionEnded`, `emailTaken`, or `invalidValues` for the address that the account has.
    func begin(
        _ email: String, of identity: Identity, _ proof: OwnerProof, from origin: Sessions.Origin
    ) async throws {
        let (user, time) = (identity.userId, now())
        try await pool.transaction { connection in
            let account = try LockedAccount.lock(identity, holding: proof, on: connection)
            let (old, isVerified) = (account.email, account.account.isVerified)
            let isTaken = try connection.first(
                "select exists (select from users where email = \(email))", as: Bool.self)
            guard old != email else {
                let fault = Problem.Fault(pointer: "/email", code: .notAllowed, detail: "Is the account's already.")
                throw Problem(.invalidValues, errors: [fault])
            }
            guard isTaken != true else { throw Problem(.emailTaken) }
            let id = UUIDv7.make(at: time)
            let confirmed = isVerified ? nil : time
            try connection.execute("delete from email_changes where user_id = \(user)")
            try connection.execute(
                """
                insert into email_changes (id, user_id, old_email, new_email, old_confirmed_at, created_at, expires_at)
                values (\(id), \(user), \(old), \(email), \(confirmed as Timestamp?), \(time),
                    \(time + Self.lifetime))
                """)
            for side in isVerified ? [EmailChangeMail.Side.old, .new] : [.new] {
                try mail.jobs.enqueue(EmailChangeMail(changeId: id, side: side), AccountMail.urgent, on: connection)
            }
            try events.record(
                .emailChangeAsked, of: user, session: identity.sid, address: origin.address, on: connection)
        }
    }

    /// Makes a link for one side and sends it; does nothing when the change was given up meanwhile.
    func send(_ job: EmailChangeMail, _ run: JobRun) async throws {
        let pending = try await pool.transaction { connection -> (OpaqueSecret, String, String?, String)? in
            let row = try connection.first(
                """
                select u.id, case when u.verified_at is not null then u.display_name end, c.old_email, c.new_email
                from email_changes c join users u on u.id = c.user_id
                where c.id = \(job.changeId) and c.changed_at is null and c.expires_at > \(now())
                """, as: (UserID, String?, String, String).self)
            guard let (user, name, old, new) = row else { return nil }
            let (purpose, email): (MailLinks.Purpose, String) =
                job.side == .old ? (.confirmOldEmail, old) : (.confirmNewEmail, new)
            let secret = try mail.links.make(
                purpose, for: user, email: email, about: .change(job.changeId), in: run.id, on: connection)
            return secret.map { ($0, email, name, new) }
        }
        guard let (secret, email, name, new) = pending else { return }
        let warning =
            job.side == .old
            ? "If you have not asked for it, do not confirm it, and set a new password."
            : "If you have not asked for it, do nothing."
        let letter = Letter(
            subject: "Confirm your new email address", name: job.side == .old ? name : nil,
            parts: [
                .paragraph(
                    "Your FitAI account is to have the address \(new). That takes effect when both addresses have "
                        + "confirmed it, within a day."),
                .link(label: "Confirm the change", url: mail.links.url("/v1/auth/confirm-email", secret)),
                .paragraph(warning),
            ])
        try await mail.mailer.deliver(letter.mail(to: email), id: run.id)
    }

    /// What a link confirms.
    private struct Found: Sendable {
        let change: UUIDv7
        let purpose: MailLinks.Purpose
        let email: String
        let isConfirmed: Bool
        let isChanged: Bool
    }

    /// The change that a link confirms, without confirming it. Throws `linkInvalid`.
    func look(_ token: String) async throws -> EmailConfirmation {
        guard let secret = OpaqueSecret(token),
            let found = try await pool.transaction({ connection in try find(secret, on: connection) })
        else { throw Problem(.linkInvalid) }
        return EmailConfirmation(email: found.email, isConfirmed: found.isConfirmed, isChanged: found.isChanged)
    }

    /// Confirms for the address the link was sent to; answers whether the account has the new address now.
    ///
    /// Throws `linkInvalid`, and `emailTaken` when somebody else has taken the address meanwhile. A link works again.
    func confirm(_ token: String, from address: String) async throws -> Bool {
        guard let secret = OpaqueSecret(token) else { throw Problem(.linkInvalid) }
        do {
            return try await pool.transaction { connection in
                let user = try connection.first(
                    "select user_id from mail_links where hash = \(secret.hash)", as: UserID.self)
                // What ends changes and links holds this lock, so that they are read as it left them.
                guard let user, let account = try LockedAccount.lock(user, on: connection),
                    let found = try find(secret, on: connection)
                else { throw Problem(.linkInvalid) }
                return try found.isChanged || take(found, for: account, from: address, on: connection)
            }
        } catch StoreError.unique("users_email_key") {
            throw Problem(.emailTaken)
        }
    }

    private func find(_ secret: OpaqueSecret, on connection: isolated PostgresConnection) throws -> Found? {
        try connection.first(
            """
            select c.id, l.purpose, c.new_email,
                c.changed_at is not null or case l.purpose when 'confirmOldEmail' then c.old_confirmed_at
                    else c.new_confirmed_at end is not null,
                c.changed_at is not null
            from mail_links l join email_changes c on c.id = l.change_id join users u on u.id = l.user_id
            where l.hash = \(secret.hash) and l.purpose in ('confirmOldEmail', 'confirmNewEmail')
              and (c.changed_at is not null or l.expires_at > \(now()) and c.old_email = u.email)
            """
        ) { row throws(StoreError) in
            Found(
                change: try row.next(), purpose: try row.next(), email: try row.next(), isConfirmed: try row.next(),
                isChanged: try row.next())
        }
    }

    private func take(
        _ confirmation: Found, for account: LockedAccount, from address: String,
        on connection: isolated PostgresConnection
    ) throws -> Bool {
        let time = now()
        let column: SQL = confirmation.purpose == .confirmOldEmail ? "old_confirmed_at" : "new_confirmed_at"
        let isComplete = try connection.first(
            """
            update email_changes set \(column) = coalesce(\(column), \(time)) where id = \(confirmation.change)
            returning old_confirmed_at is not null and new_confirmed_at is not null
            """, as: Bool.self)
        guard isComplete == true else { return false }
        let user = account.id
        try connection.execute("update email_changes set changed_at = \(time) where id = \(confirmation.change)")
        try connection.execute(
            """
            update users set email = \(confirmation.email), verified_at = \(time), version = version + 1
            where id = \(user)
            """)
        // Links that went to the old address are worth nothing, even if the account comes back to it.
        try PendingClaims.endLinks(of: user, at: time, on: connection)
        try mail.notify(account, of: .emailChanged, on: connection)
        try events.record(.emailChanged, of: user, address: address, on: connection)
        return true
    }

    /// Removes changes that are over, a few thousand at a time; answers how many.
    func removeExpired() async throws -> Int {
        try await pool.execute(
            """
            delete from email_changes where id in (
                select id from email_changes where expires_at < \(now() - Sessions.endedAreKept)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }
}
