import Protocol
import Store

/// How a sign-in went on after its first factor.
enum SignInOutcome: Sendable {
    case opened(Account, Sessions.Opened)
    /// The account has a second factor: this challenge and a code open the session.
    case challenged(String)
}

/// The second half of a sign-in: a challenge and a code.
struct SecondFactorSignIn: Sendable {
    let pool: PostgresPool
    let factors: SecondFactors
    let delays: LoginDelays
    let devices: KnownDevices
    let failures: FailedSignIns
    let sessions: Sessions
    let deletion: AccountDeletion
    let events: SecurityEvents
    let mail: AccountMail
    let identities: SignInIdentities
    let seal: Seal
    let now: @Sendable () -> Timestamp
    private let tries = ChallengeTries()

    /// What is said of a challenge that is too old; one that is none of ours is told no more.
    static let tooLate = "That took too long. Sign in again."

    private enum Result: Sendable {
        case opened(Account, Sessions.Opened, wasLeaving: Bool)
        case stale
        case wrong
    }

    init(
        pool: PostgresPool, factors: SecondFactors, guards: SignInGuards, sessions: Sessions, deletion: AccountDeletion,
        mail: AccountMail, keys: SigningKeys, now: @escaping @Sendable () -> Timestamp
    ) {
        self.pool = pool
        self.factors = factors
        delays = guards.delays
        devices = guards.devices
        failures = guards.failures
        self.sessions = sessions
        self.deletion = deletion
        events = sessions.events
        self.mail = mail
        identities = SignInIdentities(events: sessions.events, now: now)
        seal = Seal(keys, purpose: "sign-in challenge")
        self.now = now
    }

    /// A challenge for an account whose second factor is on; nil for any other. Inside the transaction that has locked
    /// the account.
    func challenge(
        _ account: LockedAccount, _ evidence: SignInChallenge.Evidence, on connection: isolated PostgresConnection
    ) throws -> String? {
        guard try factors.isOn(account.id, on: connection) else { return nil }
        return SignInChallenge(for: account.id, evidence, at: now()).text(seal)
    }

    /// Opens the session. Throws `challengeInvalid` for a challenge that is not ours, too old, was tried too often, or
    /// whose first factor counts no more, `codeWrong`, and `tooManyRequests`.
    func signIn(
        _ challenge: String, code: String, _ facts: RequestFacts, from origin: Sessions.Origin
    ) async throws -> (Account, Sessions.Opened) {
        guard let challenge = SignInChallenge(challenge, seal, at: now()) else {
            throw Problem(.challengeInvalid, detail: Self.tooLate)
        }
        let since = try await pool.first(
            "select devices_known_since from users where id = \(challenge.user)", as: Timestamp?.self)
        guard let since else { throw Problem(.challengeInvalid) }
        let device = try await devices.device(of: challenge.user, since: since, in: facts, refreshToken: nil)
        let attempt = LoginDelays.Attempt(
            name: "code \(challenge.user)", address: origin.address, device: device, isShortSecret: true)
        try delays.begin(attempt)
        guard tries.begin(challenge.id) else {
            throw Problem(.challengeInvalid, detail: "Too many wrong codes. Sign in again.")
        }
        let result = try await pool.transaction { connection in
            try open(challenge, code, origin, on: connection)
        }
        switch result {
        case .opened(let account, let opened, let wasLeaving):
            delays.succeeded(attempt)
            if wasLeaving { await deletion.live.livePreferenceChanged(account.id) }
            return (account, opened)
        case .stale:
            throw Problem(.challengeInvalid, detail: "Your password or sign-in has changed. Sign in again.")
        case .wrong:
            failures.note(.secondFactorFailed, of: challenge.user, from: origin)
            throw Problem(.codeWrong)
        }
    }

    private func open(
        _ challenge: SignInChallenge, _ code: String, _ origin: Sessions.Origin,
        on connection: isolated PostgresConnection
    ) throws -> Result {
        guard let account = try LockedAccount.lock(challenge.user, on: connection),
            try isStillProved(challenge, account, on: connection)
        else { return .stale }
        guard let taken = try factors.take(code, of: account.id, on: connection) else { return .wrong }
        if let joining = challenge.joining, try identities.owner(of: joining, on: connection) == nil {
            guard try identities.join(joining, to: account.id, from: origin, on: connection) else {
                // It has become somebody else's just now. The code is not used up.
                throw Problem(.challengeInvalid)
            }
            try mail.notify(account, of: .identityJoined, on: connection)
        }
        if taken == .recoveryCode {
            try events.record(.recoveryCodeUsed, of: account.id, address: origin.address, on: connection)
            try mail.notify(account, of: .recoveryCodeUsed, on: connection)
        }
        let wasLeaving = try deletion.readmit(account, from: origin, on: connection)
        var opened = try sessions.open(for: account, passedFactor: true, from: origin, on: connection)
        opened.isKept = wasLeaving
        return .opened(account.account, opened, wasLeaving: wasLeaving)
    }

    /// Whether the password, or the link to the account elsewhere, is still the one that was proved; of one that is to
    /// join, whether the account still has the address, and nobody else the link.
    private func isStillProved(
        _ challenge: SignInChallenge, _ account: LockedAccount, on connection: isolated PostgresConnection
    ) throws -> Bool {
        if let joining = challenge.joining {
            let owner = try identities.owner(of: joining, on: connection)
            return account.account.isVerified && owner ?? account.id == account.id
                && challenge.isProved(by: .joining(joining, email: account.email))
        }
        if let hash = account.passwordHash, challenge.isProved(by: .password(hash: hash)) { return true }
        return try identities.all(of: account.id, on: connection).contains { challenge.isProved(by: .identity($0)) }
    }
}

/// What every way of signing in is watched by.
struct SignInGuards: Sendable {
    let delays: LoginDelays
    let devices: KnownDevices
    let failures: FailedSignIns
}
