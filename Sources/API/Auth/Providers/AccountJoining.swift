import Protocol
import Store

/// Which account somebody gets who signs in by a provider.
///
/// The identity there decides, once it is known. A first time, a verified address joins the account that has it: a
/// verified one as it is, an unverified one is taken over from whoever registered it. One with a second factor it joins
/// only with the code. An unverified address joins nothing; it only makes a new account that has to verify it.
struct AccountJoining: Sendable {
    let pool: PostgresPool
    let sessions: Sessions
    let events: SecurityEvents
    let mail: AccountMail
    let verification: EmailVerification
    let deletion: AccountDeletion
    let factors: SecondFactors
    let secondFactor: SecondFactorSignIn
    let now: @Sendable () -> Timestamp

    private var identities: SignInIdentities { secondFactor.identities }

    /// The identity became another account's while it was joined to this one.
    private struct JoinedMeanwhile: Error {}

    /// What others have to be told of once the transaction has committed.
    private struct Aftermath: Sendable {
        var ended: [SessionID] = []
        var takenOver: UserID?
        var wasLeaving: UserID?
    }

    /// Opens a session, or answers a challenge where the account has a second factor. Throws `accountSuspended`,
    /// `emailTaken` for an unverified address that an account has, and `signInFailed` when the provider tells no address.
    func signIn(_ profile: ProviderProfile, from origin: Sessions.Origin) async throws -> SignInOutcome {
        do {
            return try await signInOnce(profile, origin)
        } catch StoreError.unique {
            // Somebody made the account or the name at the same moment: now it is found.
            return try await signInOnce(profile, origin)
        } catch is JoinedMeanwhile {
            return try await signInOnce(profile, origin)
        }
    }

    private func signInOnce(
        _ profile: ProviderProfile, _ origin: Sessions.Origin
    ) async throws -> SignInOutcome {
        let (outcome, aftermath) = try await pool.transaction { connection -> (SignInOutcome, Aftermath) in
            var aftermath = Aftermath()
            let (account, evidence) =
                try known(profile, on: connection) ?? joined(profile, origin, &aftermath, on: connection)
                ?? made(profile, origin, on: connection)
            if let challenge = try secondFactor.challenge(account, evidence, on: connection) {
                return (.challenged(challenge), aftermath)
            }
            if try deletion.readmit(account, from: origin, on: connection) { aftermath.wasLeaving = account.id }
            let opened = try sessions.open(for: account, from: origin, on: connection)
            return (.opened(account.account, opened), aftermath)
        }
        await sessions.revoked.add(aftermath.ended)
        if let user = aftermath.takenOver {
            await deletion.live.accountTakenOver(user)
        } else if let user = aftermath.wasLeaving {
            await deletion.live.livePreferenceChanged(user)
        }
        return outcome
    }

    /// The account that the identity is linked to. The link is read again under the account's lock: a reset takes
    /// it away.
    private func known(
        _ profile: ProviderProfile, on connection: isolated PostgresConnection
    ) throws -> (LockedAccount, SignInChallenge.Evidence)? {
        guard let user = try identities.owner(of: profile.identity, on: connection),
            let account = try LockedAccount.lock(user, on: connection),
            try identities.owner(of: profile.identity, on: connection) == user
        else { return nil }
        return (account, .identity(profile.identity))
    }

    private func joined(
        _ profile: ProviderProfile, _ origin: Sessions.Origin, _ aftermath: inout Aftermath,
        on connection: isolated PostgresConnection
    ) throws -> (LockedAccount, SignInChallenge.Evidence)? {
        let email = try Self.email(of: profile)
        let user = try connection.first(
            "select id from users where email = \(email) for no key update", as: UserID.self)
        guard let user, let found = try LockedAccount.lock(user, on: connection) else { return nil }
        guard profile.isEmailVerified else {
            throw Problem(.emailTaken, detail: "Verify the address at the provider, or sign in with the password.")
        }
        guard found.standing != .suspended else { throw Problem(.accountSuspended) }
        if !found.account.isVerified {
            aftermath.ended = try takeOver(found, origin, on: connection)
            aftermath.takenOver = user
        }
        // Where there is a second factor it joins only with the code.
        if try factors.isOn(user, on: connection) { return (found, .joining(profile.identity, email: email)) }
        try join(profile, to: user, origin, on: connection)
        try mail.notify(found, of: found.account.isVerified ? .identityJoined : .takenOver, on: connection)
        return try LockedAccount.lock(user, on: connection).map { ($0, .identity(profile.identity)) }
    }

    /// Takes from an account whatever somebody who did not own its address may have put there to get in again, and undoes
    /// what they decided.
    private func takeOver(
        _ account: LockedAccount, _ origin: Sessions.Origin, on connection: isolated PostgresConnection
    ) throws -> [SessionID] {
        let (user, time) = (account.id, now())
        _ = try PendingClaims.endIdentities(of: user, on: connection)
        try PendingClaims.end(of: user, at: time, on: connection)
        try factors.remove(of: user, on: connection)
        try Handover.undoDecisions(in: user, at: time, on: connection)
        try connection.execute(
            """
            update users set password_hash = null, verified_at = \(time), devices_known_since = \(time),
                version = version + 1
            where id = \(user)
            """)
        try events.record(.takenOver, of: user, address: origin.address, on: connection)
        return try sessions.endAll(of: user, on: connection)
    }

    private func join(
        _ profile: ProviderProfile, to user: UserID, _ origin: Sessions.Origin,
        on connection: isolated PostgresConnection
    ) throws {
        // Another account's at the same moment: the next try finds it.
        guard try identities.join(profile.identity, to: user, from: origin, on: connection) else {
            throw JoinedMeanwhile()
        }
    }

    private func made(
        _ profile: ProviderProfile, _ origin: Sessions.Origin, on connection: isolated PostgresConnection
    ) throws -> (LockedAccount, SignInChallenge.Evidence) {
        let email = try Self.email(of: profile)
        let time = now()
        let user = UserID.make(at: time)
        let verifiedAt = profile.isEmailVerified ? time : nil
        let names = UsernameProposal.names(for: profile.login ?? String(email.prefix { $0 != "@" }))
        let username = try connection.first(
            """
            select name from unnest(\(names)) with ordinality as proposal (name, place)
            where not exists (select from users where username = name) order by place limit 1
            """, as: String.self)
        guard let username else { throw Problem(.usernameTaken) }
        try connection.execute(
            """
            insert into users (id, username, email, display_name, verified_at, created_at)
            values (\(user), \(username), \(email), \(ShownName.fitting(profile.name, most: 80) ?? username),
                \(verifiedAt as Timestamp?), \(time))
            """)
        try events.record(.registered, of: user, address: origin.address, on: connection)
        try join(profile, to: user, origin, on: connection)
        if verifiedAt == nil { try verification.ask(user, on: connection) }
        guard let account = try LockedAccount.lock(user, on: connection) else { throw Problem(.signInFailed) }
        return (account, .identity(profile.identity))
    }

    private static func email(of profile: ProviderProfile) throws(Problem) -> String {
        var faults: [Problem.Fault] = []
        guard let text = profile.email, let email = ValueRule<String>.email.read(.string(text), "", &faults) else {
            throw Problem(.signInFailed, detail: "The provider tells no email address.")
        }
        return email
    }
}

/// Names for an account that a provider's profile makes.
enum UsernameProposal {
    /// The name as close as usernames allow, then the same with four digits, ten times.
    static func names(for wish: String) -> [String] {
        // Only ASCII is folded: some letters of other alphabets would become Latin ones.
        let plain = wish.utf8.map { byte -> Character in
            let lower = (65...90).contains(byte) ? byte + 32 : byte
            let isAllowed = (97...122).contains(lower) || (48...57).contains(lower)
            return isAllowed ? Character(UnicodeScalar(lower)) : "_"
        }
        let trimmed = String(plain.prefix(24))
        let base = trimmed.contains { $0 != "_" } && trimmed.count >= 3 ? trimmed : "lifter"
        return [base] + (0..<10).map { _ in "\(base)_\(Int.random(in: 1000...9999))" }
    }
}
