import Protocol
import Store

/// Who is a moderator or an administrator; changed by operators, beside the server.
package struct AccountRoles: Sendable {
    package enum Fault: Error, Hashable, Sendable {
        case unknownAccount
        case unverifiedAddress
    }

    /// An account with a privileged role.
    package struct Holder: Sendable {
        package let email: String
        package let username: String
        package let role: Role
        package let hasSecondFactor: Bool
    }

    private let pool: PostgresPool
    private let now: @Sendable () -> Timestamp

    package init(pool: PostgresPool, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.pool = pool
        self.now = now
    }

    /// Gives the account of an address a role and ends its sessions, so that no token says otherwise; answers the role
    /// it had. A running server knows within a second.
    ///
    /// Throws `Fault`: a privileged role needs a verified address.
    package func grant(_ role: Role, to email: String) async throws -> Role {
        try await changing(email) { account, connection in
            guard role == .user || account.account.isVerified else { throw Fault.unverifiedAddress }
            guard account.role != role else { return account.role }
            try connection.execute(
                "update users set role = \(role), version = version + 1 where id = \(account.id)")
            try note(.roleChanged, .roleChanged, account, on: connection)
            return account.role
        }
    }

    /// Turns off the second factor of who has lost both the app and the recovery codes, and ends all sessions; answers
    /// whether there was one. Throws `Fault`.
    package func removeSecondFactor(of email: String) async throws -> Bool {
        try await changing(email) { account, connection in
            let removed = try connection.execute("delete from second_factors where user_id = \(account.id)")
            if removed > 0 { try note(.secondFactorOff, .secondFactorOff, account, on: connection) }
            return removed > 0
        }
    }

    /// Everybody with a privileged role, at most a thousand.
    package func holders() async throws -> [Holder] {
        try await pool.rows(
            """
            select u.email, u.username, u.role,
                exists (select from second_factors f where f.user_id = u.id and f.confirmed_at is not null)
            from users u where u.role in ('moderator', 'admin') order by u.role, u.email limit 1000
            """
        ) { row throws(StoreError) in
            Holder(
                email: try row.next(), username: try row.next(), role: try row.next(),
                hasSecondFactor: try row.next())
        }
    }

    private func changing<Value: Sendable>(
        _ email: String, _ work: @Sendable (LockedAccount, isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await pool.transaction { connection in
            let user = try connection.first(
                "select id from users where email = \(email.lowercased())", as: UserID.self)
            guard let user, let account = try LockedAccount.lock(user, on: connection) else {
                throw Fault.unknownAccount
            }
            return try work(account, connection)
        }
    }

    private func note(
        _ kind: SecurityEventKind, _ happening: SecurityNotice.Happening, _ account: LockedAccount,
        on connection: isolated PostgresConnection
    ) throws {
        try SecurityEvents(pool: pool, now: now).record(kind, of: account.id, address: nil, on: connection)
        try Jobs(now: now).enqueue(SecurityNotice(account, happening), on: connection)
        try connection.execute(
            "update sessions set revoked_at = \(now()) where user_id = \(account.id) and revoked_at is null")
    }
}
