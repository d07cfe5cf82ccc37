import Protocol
import Store

/// What a signed-in user does with the own sign-ins elsewhere: see them, unlink them.
struct OwnIdentities: Sendable {
    let pool: PostgresPool
    let ownPassword: OwnPassword
    let sessions: Sessions
    let mail: AccountMail
    /// By which one can sign in here.
    let providers: Set<ProviderProfile.Provider>

    enum Order: ListOrder {
        static let name = "signInIdentities"
        static let keys: [Cursor.Key] = [.id]
    }

    /// Those of a user, the latest first.
    func list(of user: UserID, _ page: PageRequest) async throws -> Page<SignInIdentity> {
        let before: SQL = try page.after.map { "and id < \(try $0.id(0))" } ?? ""
        let rows = try await pool.rows(
            """
            select id, provider, created_at from sign_in_identities
            where user_id = \(user) \(before) order by id desc limit \(page.rowsToRead)
            """
        ) { row throws(StoreError) in
            SignInIdentity(id: try row.next(), provider: try row.next(), createdAt: try row.next())
        }
        return page.page(of: rows, cursor: { Cursor(after: $0.id.description) }, item: { $0 })
    }

    /// Has an account elsewhere sign in here no more. All other sessions end: it may have opened them.
    ///
    /// Throws what proving the password throws, `notFound` where the user has no such link, and `passwordMissing` where
    /// nothing else would open the account.
    func unlink(
        _ id: UUIDv7, _ password: String?, of identity: Identity, from origin: Sessions.Origin
    ) async throws {
        let ended = try await ownPassword.proving(password, of: identity, from: origin) { proof in
            try await pool.transaction { connection in
                let account = try LockedAccount.lock(identity, holding: proof, on: connection)
                try remove(id, of: account, on: connection)
                try sessions.events.record(
                    .identityRemoved, of: account.id, session: identity.sid, address: origin.address, on: connection)
                try mail.notify(account, of: .identityRemoved, on: connection)
                return try sessions.endAll(of: account.id, except: identity.sid, on: connection)
            }
        }
        await sessions.revoked.add(ended)
    }

    private func remove(
        _ id: UUIDv7, of account: LockedAccount, on connection: isolated PostgresConnection
    ) throws {
        let all = try connection.query(
            "select id, provider from sign_in_identities where user_id = \(account.id)",
            as: (UUIDv7, ProviderProfile.Provider).self)
        guard all.contains(where: { $0.0 == id }) else { throw Problem(.notFound) }
        let isLast = !all.contains { $0.0 != id && providers.contains($0.1) }
        guard account.passwordHash != nil || !isLast else {
            throw Problem(
                .passwordMissing,
                detail: "This is the only way into your account. Set a password first: ask for a mail at "
                    + "/v1/auth/forgot-password.")
        }
        try connection.execute("delete from sign_in_identities where id = \(id)")
    }
}
