import Protocol
import Store

/// What a signed-in user does with the own second factor.
struct OwnSecondFactor: Sendable {
    let pool: PostgresPool
    let factors: SecondFactors
    let ownPassword: OwnPassword
    let sessions: Sessions
    let mail: AccountMail
    let now: @Sendable () -> Timestamp

    private var events: SecurityEvents { sessions.events }

    /// Whether it is on, and what is left of its recovery codes.
    func status(of user: UserID) async throws -> SecondFactorStatus {
        let left = try await pool.first(
            """
            select (select count(*) from recovery_codes c where c.user_id = f.user_id and c.used_at is null)
            from second_factors f where f.user_id = \(user) and f.confirmed_at is not null
            """, as: Int.self)
        return SecondFactorStatus(isOn: left != nil, recoveryCodesLeft: left ?? 0)
    }

    /// Makes a secret for an authenticator app. It takes effect once a code from the app has been confirmed.
    ///
    /// Throws what proving the password throws, and `wrongState` where a second factor is on.
    func begin(_ password: String?, of identity: Identity, from origin: Sessions.Origin) async throws
        -> SecondFactorSetup
    {
        try await ownPassword.proving(password, of: identity, from: origin) { proof in
            try await pool.transaction { connection in
                let account = try LockedAccount.lock(identity, holding: proof, on: connection)
                let secret = try factors.begin(for: account.id, on: connection)
                return SecondFactorSetup(
                    secret: Base32.text(secret), uri: TOTP.address(secret, account: account.account.username))
            }
        }
    }

    /// Turns it on by a first code. This session counts as having passed it; all others end.
    ///
    /// Throws `codeWrong`, `wrongState` and `tooManyRequests`, the latter also when it was turned on five times within
    /// an hour: each time a mail has to be sent that removes it.
    func confirm(_ code: String, of identity: Identity, from origin: Sessions.Origin) async throws -> RecoveryCodes {
        let (codes, ended) = try await taking(identity, origin) { account, connection in
            try checkOften(account, on: connection)
            guard let codes = try factors.confirm(code, of: account.id, on: connection) else {
                throw Problem(.codeWrong)
            }
            try connection.execute("update sessions set factor_at = \(now()) where id = \(identity.sid)")
            try events.record(
                .secondFactorOn, of: account.id, session: identity.sid, address: origin.address, on: connection)
            try mail.notify(
                account, of: .secondFactorOn, factorAt: factors.turnedOnAt(account.id, on: connection), on: connection)
            return (codes, try sessions.endAll(of: account.id, except: identity.sid, on: connection))
        }
        await sessions.revoked.add(ended)
        return RecoveryCodes(recoveryCodes: codes)
    }

    private func checkOften(_ account: LockedAccount, on connection: isolated PostgresConnection) throws {
        let hour = UUIDv7.stamped(now() - .seconds(3600), random: 0, tail: 0)
        let count = try connection.first(
            """
            select count(*) from security_events
            where user_id = \(account.id) and id > \(hour) and kind = \(SecurityEventKind.secondFactorOn.rawValue)
            """, as: Int.self)
        guard count ?? 0 < MailBound.mostPerHour else {
            throw Problem(
                .tooManyRequests, detail: "The second factor was turned on too often.", retryAfterSeconds: 3600)
        }
    }

    /// Makes new recovery codes; the old ones end. Sessions stay as they are.
    ///
    /// Throws what proving the password throws, `codeWrong`, and `wrongState` where no second factor is on.
    func renewCodes(
        _ request: SecondFactorProof, of identity: Identity, from origin: Sessions.Origin
    ) async throws -> RecoveryCodes {
        try await proving(request, identity, origin) { account, connection in
            let codes = try factors.makeCodes(for: account.id, on: connection)
            try events.record(
                .recoveryCodesRenewed, of: account.id, session: identity.sid, address: origin.address, on: connection)
            try mail.notify(account, of: .recoveryCodesRenewed, on: connection)
            return RecoveryCodes(recoveryCodes: codes)
        }
    }

    /// Turns it off. All other sessions end; of who has a privileged role this one too, for without a second factor
    /// the role is withheld.
    ///
    /// Throws what proving the password throws, `codeWrong`, and `wrongState` where none is on.
    func remove(_ request: SecondFactorProof, of identity: Identity, from origin: Sessions.Origin) async throws {
        let ended = try await proving(request, identity, origin) { account, connection in
            try factors.remove(of: account.id, on: connection)
            try connection.execute("update sessions set factor_at = null where user_id = \(account.id)")
            try events.record(
                .secondFactorOff, of: account.id, session: identity.sid, address: origin.address, on: connection)
            try mail.notify(account, of: .secondFactorOff, on: connection)
            return try sessions.endAll(
                of: account.id, except: account.role == .user ? identity.sid : nil, on: connection)
        }
        await sessions.revoked.add(ended)
    }

    /// Runs what takes the password and a code of the factor that is on.
    private func proving<Value: Sendable>(
        _ request: SecondFactorProof, _ identity: Identity, _ origin: Sessions.Origin,
        _ work: @Sendable (LockedAccount, isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await ownPassword.proving(request.password, of: identity, from: origin) { proof in
            try await taking(identity, origin) { account, connection in
                guard proof.holds(for: account) else { throw StaleProof() }
                guard try factors.isOn(account.id, on: connection) else {
                    throw Problem(.wrongState, detail: "Your second factor is off.")
                }
                guard try factors.take(request.code, of: account.id, on: connection) != nil else {
                    throw Problem(.codeWrong)
                }
                return try work(account, connection)
            }
        }
    }

    /// Runs what takes a code, slowed down after wrong ones, with the account locked and its session open.
    private func taking<Value: Sendable>(
        _ identity: Identity, _ origin: Sessions.Origin,
        _ work: @Sendable (LockedAccount, isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        let attempt = LoginDelays.Attempt(
            name: "code \(identity.userId)", address: origin.address, device: identity.sid.description)
        try ownPassword.delays.begin(attempt)
        do {
            let value = try await pool.transaction { connection in
                guard let account = try LockedAccount.lock(identity.userId, on: connection) else {
                    throw Problem(.sessionEnded)
                }
                try account.checkOpen(identity, on: connection)
                return try work(account, connection)
            }
            ownPassword.delays.succeeded(attempt)
            return value
        } catch let problem as Problem where problem.known == .codeWrong {
            ownPassword.failures.note(
                .secondFactorFailed, of: identity.userId, session: identity.sid, from: origin)
            throw problem
        }
    }
}
