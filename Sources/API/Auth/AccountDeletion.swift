import Protocol
import Store

/// Ends what an account has open on the live side, after its deletion was asked for.
struct AccountLeft: JobPayload {
    static let kind = "account.left"
    var userId: UserID
}

/// Erases an account whose time has come.
struct EraseAccount: JobPayload {
    static let kind = "account.erase"
    var userId: UserID
}

/// The way out of an account: hidden and signed out at once, erased after 30 days unless its owner signs in before.
struct AccountDeletion: Sendable {
    static let grace = Duration.seconds(30 * 24 * 3600)

    let pool: PostgresPool
    let ownPassword: OwnPassword
    let sessions: Sessions
    let events: SecurityEvents
    let mail: AccountMail
    let live: LiveHooks
    let now: @Sendable () -> Timestamp

    /// Has the account erased after the grace. When it answers, all sessions have ended and others do not see it.
    ///
    /// Throws `passwordWrong`, `passwordMissing`, `invalidValues` where the password is left out, `signInTooOld` for an
    /// account without one, `accountSuspended`.
    func request(
        _ password: String?, of identity: Identity, from origin: Sessions.Origin
    ) async throws -> AccountDeletionNotice {
        let user = identity.userId
        let (notice, ended) = try await ownPassword.proving(password, of: identity, from: origin) { proof in
            try await pool.transaction { connection in
                let notice = try leave(identity, proof, origin, on: connection)
                return (notice, try sessions.endAll(of: user, on: connection))
            }
        }
        await sessions.revoked.add(ended)
        await live.accountHidden(user)
        return notice
    }

    private func leave(
        _ identity: Identity, _ proof: OwnerProof, _ origin: Sessions.Origin,
        on connection: isolated PostgresConnection
    ) throws -> AccountDeletionNotice {
        let (user, time) = (identity.userId, now())
        guard let account = try LockedAccount.lock(user, on: connection) else { throw Problem(.sessionEnded) }
        // Two at once: the second finds it done.
        let dates = try connection.first(
            "select deletion_requested_at, deletion_due_at from users where id = \(user)",
            as: (Timestamp?, Timestamp?).self)
        if let requestedAt = dates?.0, let dueAt = dates?.1 {
            return AccountDeletionNotice(requestedAt: requestedAt, erasedAt: dueAt)
        }
        try account.admit(identity, proof, on: connection)
        guard account.standing == .active else { throw Problem(.accountSuspended) }
        let due = time + Self.grace
        try connection.execute(
            """
            update users set status = 'leaving', deletion_requested_at = \(time), deletion_due_at = \(due),
                version = version + 1
            where id = \(user)
            """)
        try events.record(
            .deletionRequested, of: user, session: identity.sid, address: origin.address, on: connection)
        try mail.notify(account, of: .deletionRequested, on: connection)
        let key = "\(user) \(due.milliseconds)"
        try mail.jobs.enqueue(
            AccountLeft(userId: user), JobOptions(priority: .high, key: key, mostAttempts: 30), on: connection)
        try mail.jobs.enqueue(
            EraseAccount(userId: user), JobOptions(priority: .low, runAt: due, key: key, mostAttempts: 60),
            on: connection)
        return AccountDeletionNotice(requestedAt: time, erasedAt: due)
    }

    /// Lets the owner of a leaving account in again, which keeps it; inside the transaction of a sign-in or a reset.
    /// Answers whether it was leaving.
    ///
    /// Throws `accountSuspended`, and `invalidCredentials` for an account that is being erased: it is as good as gone.
    @discardableResult
    func readmit(
        _ account: LockedAccount, from origin: Sessions.Origin, on connection: isolated PostgresConnection
    ) throws -> Bool {
        switch account.standing {
        case .active: return false
        case .suspended: throw Problem(.accountSuspended)
        case .erasing: throw Problem(.invalidCredentials)
        case .leaving: break
        }
        try connection.execute(
            """
            update users set status = 'active', deletion_requested_at = null, deletion_due_at = null,
                version = version + 1
            where id = \(account.id)
            """)
        try events.record(.deletionCancelled, of: account.id, address: origin.address, on: connection)
        try mail.notify(account, of: .deletionCancelled, on: connection)
        return true
    }

    /// Completes what the account has open; does nothing when it was kept meanwhile.
    func endWorkouts(_ job: AccountLeft, _ run: JobRun) async throws {
        let isLeaving = try await pool.first(
            "select true from users where id = \(job.userId) and status in ('leaving', 'erasing')", as: Bool.self)
        guard isLeaving == true else { return }
        await live.accountHidden(job.userId)
        try await live.completeOpenWorkouts(job.userId)
    }
}

/// Whether an account may be signed in to.
enum AccountStanding: String, Sendable, ColumnDecodable, SQLBindable {
    case active, suspended, leaving, erasing
}
