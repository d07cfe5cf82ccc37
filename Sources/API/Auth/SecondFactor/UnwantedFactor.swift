import Protocol
import Store

/// The owner's way back in where somebody who knew the password has turned on a second factor: a link in the mail about
/// it. A reset of the password alone would leave the factor on.
struct UnwantedFactor: Sendable {
    let pool: PostgresPool
    let factors: SecondFactors
    let sessions: Sessions
    let mail: AccountMail
    let reset: PasswordReset
    let now: @Sendable () -> Timestamp

    /// Removes the second factor that the link was sent for. Somebody else knows the password, so that it goes too: every
    /// session ends, whatever is pending and the known devices count no more, and a mail brings the link to a new one.
    ///
    /// Throws `linkInvalid` for a link that is unknown, used or older than seven days, whose factor is off by now, or that
    /// was sent to an address that is no longer the account's.
    func remove(_ token: String, from origin: Sessions.Origin) async throws {
        guard let secret = OpaqueSecret(token) else { throw Problem(.linkInvalid) }
        let ended = try await pool.transaction { connection in
            let account = try owner(of: secret, on: connection)
            let (user, time) = (account.id, now())
            try factors.remove(of: user, on: connection)
            try PendingClaims.end(of: user, at: time, on: connection)
            try connection.execute(
                """
                update users set password_hash = null, devices_known_since = \(time), version = version + 1
                where id = \(user)
                """)
            try sessions.events.record(.secondFactorOff, of: user, address: origin.address, on: connection)
            try mail.notify(account, of: .secondFactorRemoved, on: connection)
            try reset.ask(account.email, on: connection)
            return try sessions.endAll(of: user, on: connection)
        }
        await sessions.revoked.add(ended)
    }

    /// The account that a link is for, locked, with the link used up.
    private func owner(of secret: OpaqueSecret, on connection: isolated PostgresConnection) throws -> LockedAccount {
        let user = try connection.first(
            "select user_id from mail_links where hash = \(secret.hash) and purpose = 'removeSecondFactor'",
            as: UserID.self)
        guard let user, let account = try LockedAccount.lock(user, on: connection),
            [.active, .leaving].contains(account.standing),
            let turnedOnAt = try factors.turnedOnAt(user, on: connection)
        else { throw Problem(.linkInvalid) }
        let used = try connection.execute(
            """
            update mail_links set used_at = \(now())
            where hash = \(secret.hash) and used_at is null and expires_at > \(now()) and email = \(account.email)
              and factor_at = \(turnedOnAt)
            """)
        guard used == 1 else { throw Problem(.linkInvalid) }
        return account
    }
}
