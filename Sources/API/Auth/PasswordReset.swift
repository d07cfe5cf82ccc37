import Protocol
import Store

/// Sends the link that sets a new password, if the address has an account.
struct PasswordResetMail: JobPayload {
    static let kind = "auth.passwordResetMail"
    var email: String
}

/// A new password by a link that works once, within an hour.
struct PasswordReset: Sendable {
    let pool: PostgresPool
    let mail: AccountMail
    let sessions: Sessions
    let events: SecurityEvents
    let passwords: PasswordHashing
    let now: @Sendable () -> Timestamp

    /// Has the mail sent; the job finds out whether there is such an account, so that no answer and no time tells.
    func ask(_ email: String) async throws {
        try await pool.transaction { connection in
            var options = AccountMail.urgent
            options.key = email
            try mail.jobs.enqueue(PasswordResetMail(email: email), options, on: connection)
        }
    }

    /// Makes a link and sends it; does nothing for an address without an account.
    func send(_ job: PasswordResetMail, _ run: JobRun) async throws {
        let pending = try await pool.transaction { connection -> (OpaqueSecret, String)? in
            let row = try connection.first(
                "select id, display_name from users where email = \(job.email) and status in ('active', 'leaving')",
                as: (UserID, String).self)
            guard let (user, name) = row,
                let secret = try mail.links.make(.resetPassword, for: user, email: job.email, on: connection)
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

    /// Sets the password and ends all sessions; the address counts as verified, for the mail has reached its owner.
    ///
    /// Throws `linkInvalid` for a link that is unknown, used, too old or was sent to an address that is no longer the
    /// account's, and `invalidValues` for a password that is the account's name or address.
    func reset(_ request: ResetPasswordRequest, from origin: Sessions.Origin) async throws {
        guard let secret = OpaqueSecret(request.token) else { throw Problem(.linkInvalid) }
        let hash = try await passwords.hash(request.password)
        let time = now()
        let ended = try await pool.transaction { connection in
            let row = try connection.first(
                """
                select u.id, u.email, u.username from mail_links l join users u on u.id = l.user_id
                where l.hash = \(secret.hash) and l.purpose = 'resetPassword' and l.used_at is null
                  and l.expires_at > \(time) and u.email = l.email and u.status in ('active', 'leaving')
                for update
                """, as: (UserID, String, String).self)
            guard let (user, email, username) = row else { throw Problem(.linkInvalid) }
            try PasswordRules.checkOwn(request.password, email: email, username: username, pointer: "/password")
            // The other links that are out are worth nothing any more.
            try connection.execute(
                """
                update mail_links set used_at = \(time)
                where user_id = \(user) and purpose = 'resetPassword' and used_at is null
                """)
            try connection.execute(
                """
                update users set password_hash = \(hash), verified_at = coalesce(verified_at, \(time)),
                    version = version + 1
                where id = \(user)
                """)
            try events.record(.passwordReset, of: user, address: origin.address, on: connection)
            try mail.notify(user, of: .passwordReset, on: connection)
            return try sessions.endAll(of: user, on: connection)
        }
        await sessions.revoked.add(ended)
    }
}

extension PasswordRules {
    /// Refuses a password that is the account's own address or name.
    static func checkOwn(_ password: String, email: String, username: String, pointer: String) throws(Problem) {
        guard [email, username].contains(password.lowercased()) else { return }
        throw Problem(
            .invalidValues,
            errors: [
                Problem.Fault(
                    pointer: pointer, code: .notAllowed, detail: "Must differ from the email address and the username.")
            ])
    }
}
