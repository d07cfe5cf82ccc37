import Protocol
import Store

/// What a signed-in user does with the own password: prove to know it, change it.
struct OwnPassword: Sendable {
    /// An account without a password has to have signed in within this time.
    static let freshSignIn = Duration.seconds(600)
    /// The password's hash may change while it is verified, by an upgrade or another request; so often it is tried.
    private static let attempts = 3

    let pool: PostgresPool
    let passwords: PasswordHashing
    let delays: LoginDelays
    let sessions: Sessions
    let events: SecurityEvents
    let failures: FailedSignIns
    let mail: AccountMail
    let now: @Sendable () -> Timestamp

    /// Does what needs the user's password. The work locks the account with the proof it is given, so that nothing is
    /// done with a password that has been replaced meanwhile.
    ///
    /// Throws `passwordWrong` unless it is the user's password, `passwordMissing` for an account without one (it signs
    /// in elsewhere; a reset gives it one), `tooManyRequests` after repeated failures.
    func proving<Value: Sendable>(
        _ password: String, of identity: Identity, from origin: Sessions.Origin,
        _ work: (OwnerProof) async throws -> Value
    ) async throws -> Value {
        var hash = try await storedHash(of: identity)
        // The session speaks for the device: a stranger's guesses at the log-in don't stand in its way.
        let attempt = LoginDelays.Attempt(
            name: identity.userId.description, address: origin.address, device: identity.sid.description)
        // Only now: who has no password has guessed at none.
        try delays.begin(attempt)
        for round in 0..<Self.attempts {
            if round > 0 { hash = try await storedHash(of: identity) }
            guard try await passwords.verify(password, against: hash) else {
                failures.note(.passwordWrong, of: identity.userId, session: identity.sid, from: origin)
                throw Problem(.passwordWrong)
            }
            if round == 0 { delays.succeeded(attempt) }
            do {
                return try await work(.password(hash: hash))
            } catch is StaleProof {
                continue
            }
        }
        throw Problem(.passwordWrong)
    }

    /// Throws `notFound` and `passwordMissing`.
    private func storedHash(of identity: Identity) async throws -> String {
        let stored = try await pool.first(
            "select password_hash from users where id = \(identity.userId)", as: String?.self)
        guard let stored else { throw Problem(.notFound) }
        guard let hash = stored else { throw Problem(.passwordMissing) }
        return hash
    }

    /// The same for what an account without a password may do right after it signed in. Throws `invalidValues` where
    /// the password is left out although there is one, and `signInTooOld`.
    func proving<Value: Sendable>(
        _ password: String?, of identity: Identity, from origin: Sessions.Origin,
        _ work: (OwnerProof) async throws -> Value
    ) async throws -> Value {
        if let password { return try await proving(password, of: identity, from: origin, work) }
        let found = try await pool.first(
            """
            select u.password_hash is not null, s.created_at from users u join sessions s on s.user_id = u.id
            where u.id = \(identity.userId) and s.id = \(identity.sid)
            """, as: (Bool, Timestamp).self)
        guard let (hasPassword, signedInAt) = found else { throw Problem(.sessionEnded) }
        guard !hasPassword else { throw Self.passwordRequired }
        guard now() - signedInAt <= Self.freshSignIn else { throw Problem(.signInTooOld) }
        do {
            return try await work(.freshSignIn)
        } catch is StaleProof {
            throw Self.passwordRequired
        }
    }

    private static var passwordRequired: Problem {
        Problem(
            .invalidValues,
            errors: [Problem.Fault(pointer: "/password", code: .required, detail: "Is required.")])
    }

    /// Sets a new password, ends every other session and whatever else is pending, and forgets the known devices.
    func change(_ request: PasswordChangeRequest, of identity: Identity, from origin: Sessions.Origin) async throws {
        let ended = try await proving(request.currentPassword, of: identity, from: origin) { proof in
            let hash = try await passwords.hash(request.newPassword)
            return try await pool.transaction { connection in
                let account = try LockedAccount.lock(identity, holding: proof, on: connection)
                try PasswordRules.checkOwn(request.newPassword, of: account.account, pointer: "/newPassword")
                let time = now()
                try connection.execute(
                    """
                    update users set password_hash = \(hash), devices_known_since = \(time) where id = \(account.id)
                    """)
                try PendingClaims.end(of: account.id, at: time, on: connection)
                try events.record(
                    .passwordChanged, of: account.id, session: identity.sid, address: origin.address, on: connection)
                try mail.notify(account, of: .passwordChanged, on: connection)
                return try sessions.endAll(of: account.id, except: identity.sid, on: connection)
            }
        }
        await sessions.revoked.add(ended)
    }
}
