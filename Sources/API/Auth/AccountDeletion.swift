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
    /// An account without a password has to have signed in within this time.
    static let freshSignIn = Duration.seconds(600)

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
        try await prove(password, of: identity, from: origin)
        let (notice, ended) = try await pool.transaction { connection in
            let notice = try leave(identity, origin, on: connection)
            return (notice, try sessions.endAll(of: user, on: connection))
        }
        await sessions.revoked.add(ended)
        await live.accountHidden(user)
        return notice
    }

    private func prove(_ password: String?, of identity: Identity, from origin: Sessions.Origin) async throws {
        if let password { return try await ownPassword.confirm(password, of: identity.userId, from: origin) }
        let found = try await pool.first(
            """
            select u.password_hash is not null, s.created_at from users u join sessions s on s.user_id = u.id
            where u.id = \(identity.userId) and s.id = \(identity.sid)
            """, as: (Bool, Timestamp).self)
        guard let (hasPassword, signedInAt) = found else { throw Problem(.sessionEnded) }
        guard !hasPassword else {
            let fault = Problem.Fault(pointer: "/password", code: .required, detail: "Is required.")
            throw Problem(.invalidValues, errors: [fault])
        }
        guard now() - signedInAt <= Self.freshSignIn else { throw Problem(.signInTooOld) }
    }

    private func leave(
        _ identity: Identity, _ origin: Sessions.Origin, on connection: isolated PostgresConnection
    ) throws -> AccountDeletionNotice {
        let (user, time) = (identity.userId, now())
        let row = try connection.first(
            "select status, deletion_requested_at, deletion_due_at from users where id = \(user) for update",
            as: (String, Timestamp?, Timestamp?).self)
        guard let (status, requestedAt, dueAt) = row else { throw Problem(.sessionEnded) }
        // Two at once: the second finds it done.
        if let requestedAt, let dueAt { return AccountDeletionNotice(requestedAt: requestedAt, erasedAt: dueAt) }
        guard status == "active" else { throw Problem(.accountSuspended) }
        let due = time + Self.grace
        try connection.execute(
            """
            update users set status = 'leaving', deletion_requested_at = \(time), deletion_due_at = \(due),
                version = version + 1
            where id = \(user)
            """)
        try events.record(
            .deletionRequested, of: user, session: identity.sid, address: origin.address, on: connection)
        try mail.notify(user, of: .deletionRequested, on: connection)
        let key = "\(user) \(due.milliseconds)"
        try mail.jobs.enqueue(
            AccountLeft(userId: user), JobOptions(priority: .high, key: key, mostAttempts: 30), on: connection)
        try mail.jobs.enqueue(
            EraseAccount(userId: user), JobOptions(priority: .low, runAt: due, key: key, mostAttempts: 60),
            on: connection)
        return AccountDeletionNotice(requestedAt: time, erasedAt: due)
    }

    /// Lets the owner of a leaving account in again, which keeps it; inside the sign-in's transaction.
    ///
    /// Throws `invalidCredentials` for an account that is being erased: it is as good as gone.
    func cancel(_ user: UserID, from origin: Sessions.Origin, on connection: isolated PostgresConnection) throws {
        let status = try connection.first("select status from users where id = \(user) for update", as: String.self)
        switch status {
        case "active": return
        case "suspended": throw Problem(.accountSuspended)
        case "leaving": break
        default: throw Problem(.invalidCredentials)
        }
        try connection.execute(
            """
            update users set status = 'active', deletion_requested_at = null, deletion_due_at = null,
                version = version + 1
            where id = \(user)
            """)
        try events.record(.deletionCancelled, of: user, address: origin.address, on: connection)
        try mail.notify(user, of: .deletionCancelled, on: connection)
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
