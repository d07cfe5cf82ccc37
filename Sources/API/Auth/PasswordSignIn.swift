import Protocol
import Store

/// Signs in by a password.
struct PasswordSignIn: Sendable {
    /// The hash may change while it is verified, by an upgrade at another log-in; so often it is tried.
    private static let attempts = 3

    let pool: PostgresPool
    let passwords: PasswordHashing
    let guards: SignInGuards
    let secondFactor: SecondFactorSignIn
    let sessions: Sessions
    let deletion: AccountDeletion

    private struct Candidate: Sendable {
        let id: UserID
        let hash: String?
        let standing: AccountStanding
        let devicesKnownSince: Timestamp?
    }

    private var delays: LoginDelays { guards.delays }
    private var failures: FailedSignIns { guards.failures }

    /// Opens a session, or answers a challenge where the account has a second factor. Throws `invalidCredentials`, in the same time whether or not there is such an account,
    /// `accountSuspended` only to who knows the password, and `tooManyRequests`.
    func signIn(
        _ request: LoginRequest, _ facts: RequestFacts, refreshToken: String?, from origin: Sessions.Origin
    ) async throws -> SignInOutcome {
        var candidate = try await candidate(for: request.login)
        var device: String?
        if let candidate {
            device = try await guards.devices.device(
                of: candidate.id, since: candidate.devicesKnownSince, in: facts, refreshToken: refreshToken)
        }
        // Whatever is typed, it counts as a name and never as what other attempts are counted by.
        let attempt = LoginDelays.Attempt(name: "login \(request.login)", address: origin.address, device: device)
        try delays.begin(attempt)
        for _ in 0..<Self.attempts {
            // Runs for unknown users too, so that both answers take the same time.
            let isRight = try await passwords.verify(request.password, against: candidate?.hash)
            guard let found = candidate, isRight, found.standing != .erasing else {
                failures.note(.signInFailed, of: candidate?.id, from: origin)
                throw Problem(.invalidCredentials)
            }
            guard found.standing != .suspended else {
                failures.note(.signInFailed, of: found.id, from: origin)
                throw Problem(.accountSuspended)
            }
            if let outcome = try await open(found, request.password, origin) {
                delays.succeeded(attempt)
                return outcome
            }
            candidate = try await self.candidate(for: request.login)
        }
        failures.note(.signInFailed, of: candidate?.id, from: origin)
        throw Problem(.invalidCredentials)
    }

    /// Opens the session unless the password has been replaced since it was verified: then answers nil.
    private func open(
        _ candidate: Candidate, _ password: String, _ origin: Sessions.Origin
    ) async throws -> SignInOutcome? {
        let newHash = try await passwords.renewed(password, for: candidate.hash)
        let (outcome, wasLeaving) = try await pool.transaction { connection -> (SignInOutcome?, Bool) in
            guard let account = try LockedAccount.lock(candidate.id, on: connection),
                let hash = account.passwordHash, hash == candidate.hash
            else { return (nil, false) }
            if let newHash {
                try connection.execute("update users set password_hash = \(newHash) where id = \(account.id)")
            }
            let evidence = SignInChallenge.Evidence.password(hash: newHash ?? hash)
            if let challenge = try secondFactor.challenge(account, evidence, on: connection) {
                return (.challenged(challenge), false)
            }
            let wasLeaving = try deletion.readmit(account, from: origin, on: connection)
            var opened = try sessions.open(for: account, from: origin, on: connection)
            opened.isKept = wasLeaving
            return (.opened(account.account, opened), wasLeaving)
        }
        if wasLeaving { await deletion.live.livePreferenceChanged(candidate.id) }
        return outcome
    }

    private func candidate(for login: String) async throws -> Candidate? {
        // A username cannot hold an @, so the two never collide.
        let column: SQL = login.contains("@") ? "email" : "username"
        let row = try await pool.first(
            "select id, password_hash, status, devices_known_since from users where \(column) = \(login)",
            as: (UserID, String?, AccountStanding, Timestamp?).self)
        return row.map { Candidate(id: $0, hash: $1, standing: $2, devicesKnownSince: $3) }
    }
}
