import Protocol
import Store

/// What a signed-in user does with the own password: prove to know it, change it.
struct OwnPassword: Sendable {
    let pool: PostgresPool
    let passwords: PasswordHashing
    let delays: LoginDelays
    let sessions: Sessions
    let events: SecurityEvents
    let mail: AccountMail

    /// Throws `passwordWrong` unless it is the user's password, `passwordMissing` for an account without one (it signs
    /// in elsewhere; a reset gives it one), `tooManyRequests` after repeated failures.
    func confirm(_ password: String, of user: UserID, from origin: Sessions.Origin) async throws {
        let stored = try await pool.first("select password_hash from users where id = \(user)", as: String?.self)
        guard let stored else { throw Problem(.notFound) }
        guard let hash = stored else { throw Problem(.passwordMissing) }
        try delays.begin(account: user.description, address: origin.address)
        guard try await passwords.verify(password, against: hash) else { throw Problem(.passwordWrong) }
        delays.succeeded(account: user.description, address: origin.address)
    }

    /// Sets a new password and ends every other session.
    func change(_ request: PasswordChangeRequest, of identity: Identity, from origin: Sessions.Origin) async throws {
        let user = identity.userId
        try await confirm(request.currentPassword, of: user, from: origin)
        let hash = try await passwords.hash(request.newPassword)
        let ended = try await pool.transaction { connection in
            let row = try connection.first(
                "select email, username from users where id = \(user) for update", as: (String, String).self)
            guard let (email, username) = row else { throw Problem(.notFound) }
            try PasswordRules.checkOwn(request.newPassword, email: email, username: username, pointer: "/newPassword")
            try connection.execute("update users set password_hash = \(hash) where id = \(user)")
            try events.record(
                .passwordChanged, of: user, session: identity.sid, address: origin.address, on: connection)
            try mail.notify(user, of: .passwordChanged, on: connection)
            return try sessions.endAll(of: user, except: identity.sid, on: connection)
        }
        await sessions.revoked.add(ended)
    }
}
