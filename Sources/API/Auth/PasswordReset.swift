import Protocol
import Store

/// Sends the link that sets a new password, if the address has an account.
struct PasswordResetMail: JobPayload {
    static let kind = "auth.passwordResetMail"
    var email: String
}

extension AccountMail {
    /// Has the link that sets a new password sent when the caller's transaction commits.
    func askForPassword(_ email: String, on connection: isolated PostgresConnection) throws {
        var options = AccountMail.urgent
        options.key = email
        try jobs.enqueue(PasswordResetMail(email: email), options, on: connection)
    }
}

/// A new password by a link that works once, within an hour.
struct PasswordReset: Sendable {
    let pool: PostgresPool
    let mail: AccountMail
    let sessions: Sessions
    let events: SecurityEvents
    let passwords: PasswordHashing
    let deletion: AccountDeletion
    let factors: SecondFactors
    let now: @Sendable () -> Timestamp

    private struct Taken: Sendable {
        let user: UserID
        let hasFactor: Bool
        let ended: [SessionID]
        let isReadmitted: Bool
        let isTakenOver: Bool
    }

    /// Has the mail sent; the job finds out whether there is such an account, so that no answer and no time tells.
    func ask(_ email: String) async throws {
        try await pool.transaction { connection in try ask(email, on: connection) }
    }

    /// The same inside the caller's transaction.
    func ask(_ email: String, on connection: isolated PostgresConnection) throws {
        try mail.askForPassword(email, on: connection)
    }

    /// Makes a link and sends it; does nothing for an address without an account.
    func send(_ job: PasswordResetMail, _ run: JobRun) async throws {
        let pending = try await pool.transaction { connection -> (OpaqueSecret, String?)? in
            let row = try connection.first(
                """
                select id, case when verified_at is not null then display_name end from users
                where email = \(job.email) and status in ('active', 'leaving')
                """, as: (UserID, String?).self)
            guard let (user, name) = row,
                let secret = try mail.links.make(
                    .resetPassword, for: user, email: job.email, in: run.id, on: connection)
            else { return nil }
            return (secret, name)
        }
        guard let (secret, name) = pending else { return }
        let letter = Letter(
            subject: "Set a new password", name: name,
            parts: [
                .paragraph("This link sets a new password for your FitAI account. It works once, within an hour."),
                .link(label: "Set a new password", url: mail.links.page("/reset-password/", secret)),
                .paragraph("If you have not asked for it, do nothing: your password stays as it is."),
            ])
        try await mail.mailer.deliver(letter.mail(to: job.email), id: run.id)
    }

    /// Sets the password. The address counts as verified, for the mail has reached its owner; whatever somebody else
    /// may have left in the account ends: all sessions, email changes under way, other links, known devices and sign-ins
    /// elsewhere. So does a deletion that was asked for, unless a second factor is on: then the mail alone lets nobody
    /// in, and a sign-in with a code has to keep the account. Where the address was not verified before, what was decided
    /// in the account is undone as `Handover` says. Answers whose account it is, and whether a second factor is on.
    ///
    /// Throws `linkInvalid` for a link that is unknown, used, too old or was sent to an address that is no longer the
    /// account's, and `invalidValues` for a password that is the account's name or address.
    func reset(
        _ request: ResetPasswordRequest, from origin: Sessions.Origin
    ) async throws -> (user: UserID, hasFactor: Bool) {
        guard let secret = OpaqueSecret(request.token) else { throw Problem(.linkInvalid) }
        let hash = try await passwords.hash(request.password)
        let taken = try await pool.transaction { connection in
            let account = try owner(of: secret, on: connection)
            try PasswordRules.checkOwn(request.password, of: account.account, pointer: "/password")
            return try take(account, hash, origin, on: connection)
        }
        await sessions.revoked.add(taken.ended)
        if taken.isTakenOver {
            await deletion.live.accountTakenOver(taken.user)
        } else if taken.isReadmitted {
            await deletion.live.livePreferenceChanged(taken.user)
        }
        return (taken.user, taken.hasFactor)
    }

    /// The account that a link is for, locked, with the link used up.
    private func owner(
        of secret: OpaqueSecret, on connection: isolated PostgresConnection
    ) throws -> LockedAccount {
        let user = try connection.first(
            "select user_id from mail_links where hash = \(secret.hash) and purpose = 'resetPassword'",
            as: UserID.self)
        guard let user, let account = try LockedAccount.lock(user, on: connection),
            [.active, .leaving].contains(account.standing)
        else { throw Problem(.linkInvalid) }
        // Only now: whatever ends links holds the account's lock.
        let used = try connection.execute(
            """
            update mail_links set used_at = \(now())
            where hash = \(secret.hash) and used_at is null and expires_at > \(now()) and email = \(account.email)
            """)
        guard used == 1 else { throw Problem(.linkInvalid) }
        return account
    }

    private func take(
        _ account: LockedAccount, _ hash: String, _ origin: Sessions.Origin,
        on connection: isolated PostgresConnection
    ) throws -> Taken {
        let (user, time) = (account.id, now())
        try PendingClaims.end(of: user, at: time, on: connection)
        let removed = try PendingClaims.endIdentities(of: user, on: connection)
        if removed > 0 { try events.record(.identityRemoved, of: user, address: origin.address, on: connection) }
        try connection.execute(
            """
            update users set password_hash = \(hash), verified_at = coalesce(verified_at, \(time)),
                devices_known_since = \(time), version = version + 1
            where id = \(user)
            """)
        let isTakenOver = !account.account.isVerified
        if isTakenOver { try Handover.undoDecisions(in: user, at: time, on: connection) }
        try events.record(.passwordReset, of: user, address: origin.address, on: connection)
        try mail.notify(account, of: .passwordReset, on: connection)
        let hasFactor = try factors.isOn(user, on: connection)
        let isReadmitted = try !hasFactor && deletion.readmit(account, from: origin, on: connection)
        let ended = try sessions.endAll(of: user, on: connection)
        return Taken(
            user: user, hasFactor: hasFactor, ended: ended, isReadmitted: isReadmitted, isTakenOver: isTakenOver)
    }
}

extension PasswordRules {
    /// Refuses a password that is the account's own address or name.
    static func checkOwn(_ password: String, of account: Account, pointer: String) throws(Problem) {
        guard [account.email, account.username].contains(password.lowercased()) else { return }
        throw Problem(
            .invalidValues,
            errors: [
                Problem.Fault(
                    pointer: pointer, code: .notAllowed, detail: "Must differ from the email address and the username.")
            ])
    }
}
