import Protocol
import Store

/// Sends the mail that proves an account's email address.
struct VerificationMail: JobPayload {
    static let kind = "auth.verificationMail"
    var userId: UserID
}

/// Proves that an account's email address belongs to its owner, by a link that works for a day.
struct EmailVerification: Sendable {
    let pool: PostgresPool
    let mail: AccountMail
    let sessions: Sessions
    let events: SecurityEvents
    let live: LiveHooks
    let now: @Sendable () -> Timestamp

    /// Has the mail sent when the caller's transaction commits.
    func ask(_ user: UserID, on connection: isolated PostgresConnection) throws {
        var options = AccountMail.urgent
        // One that waits is the one that is asked for.
        options.key = user.description
        try mail.jobs.enqueue(VerificationMail(userId: user), options, on: connection)
    }

    /// Has the mail sent again, unless the address is verified. Throws `tooManyRequests` when too many went there lately:
    /// none would come.
    func askAgain(_ user: UserID) async throws {
        try await pool.transaction { connection in
            let email = try connection.first(
                "select email from users where id = \(user) and verified_at is null", as: String.self)
            guard let email else { return }
            if let pause = try mail.links.pause(before: .verifyEmail, for: user, email: email, on: connection) {
                throw Problem(
                    .tooManyRequests, detail: "Several mails went to you already; look among the unwanted ones too.",
                    retryAfterSeconds: Int((pause.wholeMilliseconds + 999) / 1000))
            }
            try ask(user, on: connection)
        }
    }

    /// Makes a link and sends it; does nothing for an address that is verified by now.
    func send(_ job: VerificationMail, _ run: JobRun) async throws {
        let pending = try await pool.transaction { connection -> (OpaqueSecret, String)? in
            let row = try connection.first(
                "select email from users where id = \(job.userId) and verified_at is null", as: String.self)
            guard let email = row,
                let secret = try mail.links.make(
                    .verifyEmail, for: job.userId, email: email, in: run.id, on: connection)
            else { return nil }
            return (secret, email)
        }
        guard let (secret, email) = pending else { return }
        let letter = Letter(
            subject: "Verify your email address", name: nil,
            parts: [
                .paragraph("This link verifies your email address at FitAI. It works for one day."),
                .paragraph("Open it only if you made this account yourself."),
                .link(label: "Verify the address", url: mail.links.url("/v1/auth/verify-email", secret)),
                .paragraph("If you have not signed up, somebody mistyped an address; nothing more will come."),
            ])
        try await mail.mailer.deliver(letter.mail(to: email), id: run.id)
    }

    /// What a link has done.
    struct Verified: Sendable {
        fileprivate var ended: [SessionID] = []
        /// Whether the account opens by a new password alone, for which another mail brings the link; who made it by a
        /// provider need not be the owner of the address, so that it is handed over.
        var needsPassword = false
        /// The address of a change that is under way, which this address has to confirm too.
        var nextEmail: String?
    }

    /// Username and address of the account that the link verifies; nil when it is verified, or the link does not work.
    func account(of token: String) async throws -> (username: String, email: String)? {
        guard let secret = OpaqueSecret(token) else { return nil }
        return try await pool.first(
            """
            select u.username, u.email from mail_links l join users u on u.id = l.user_id and u.email = l.email
            where l.hash = \(secret.hash) and l.purpose = 'verifyEmail' and u.verified_at is null
              and (l.expires_at > \(now()) or l.used_at is not null)
            """, as: (String, String).self)
    }

    /// Verifies the address the link was sent to. Throws `linkInvalid`; a link that was used works again.
    func verify(_ token: String, from address: String) async throws -> Verified {
        guard let secret = OpaqueSecret(token) else { throw Problem(.linkInvalid) }
        let time = now()
        let outcome = try await pool.transaction { connection -> (UserID, Verified)? in
            let user = try connection.first(
                "select user_id from mail_links where hash = \(secret.hash) and purpose = 'verifyEmail'",
                as: UserID.self)
            guard let user, let account = try LockedAccount.lock(user, on: connection) else { return nil }
            let isGood = try connection.first(
                """
                select true from mail_links where hash = \(secret.hash) and email = \(account.email)
                  and (expires_at > \(time) or used_at is not null)
                """, as: Bool.self)
            guard isGood == true else { return nil }
            try connection.execute(
                "update mail_links set used_at = coalesce(used_at, \(time)) where hash = \(secret.hash)")
            guard !account.account.isVerified else { return (user, Verified()) }
            try connection.execute(
                "update users set verified_at = \(time), version = version + 1 where id = \(user)")
            try events.record(.emailVerified, of: user, address: address, on: connection)
            var verified = try endUnproven(account, from: address, on: connection)
            verified.nextEmail = try askToo(user, on: connection)
            return (user, verified)
        }
        guard let (user, verified) = outcome else { throw Problem(.linkInvalid) }
        await sessions.revoked.add(verified.ended)
        if verified.needsPassword { await live.accountTakenOver(user) }
        return verified
    }

    /// A change that began before did not ask this address, whoever began it: from now on it has to agree.
    private func askToo(_ user: UserID, on connection: isolated PostgresConnection) throws -> String? {
        let change = try connection.first(
            """
            update email_changes set old_confirmed_at = null
            where user_id = \(user) and changed_at is null and expires_at > \(now()) returning id, new_email
            """, as: (UUIDv7, String).self)
        guard let (id, email) = change else { return nil }
        try mail.jobs.enqueue(EmailChangeMail(changeId: id, side: .old), AccountMail.urgent, on: connection)
        return email
    }

    /// Ends the sign-ins elsewhere that were linked before anybody had shown to read the address, with the sessions that
    /// they may have opened. Who made the account by a provider that had not verified the address need not
    /// be its owner, whose mailbox now opens it; a verified address there joins again by itself.
    private func endUnproven(
        _ account: LockedAccount, from address: String, on connection: isolated PostgresConnection
    ) throws -> Verified {
        guard try PendingClaims.endIdentities(of: account.id, on: connection) > 0 else { return Verified() }
        try events.record(.identityRemoved, of: account.id, address: address, on: connection)
        let needsPassword = account.passwordHash == nil
        if needsPassword {
            try Handover.undoDecisions(in: account.id, at: now(), on: connection)
            try mail.askForPassword(account.email, on: connection)
        }
        return Verified(ended: try sessions.endAll(of: account.id, on: connection), needsPassword: needsPassword)
    }

    /// Whether the user's address is verified by now.
    func isVerified(_ user: UserID) async throws -> Bool {
        try await pool.first("select verified_at is not null from users where id = \(user)", as: Bool.self) ?? false
    }
}
