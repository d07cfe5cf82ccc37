import Protocol
import Store

/// Verified accounts made without REST and mails, for demos and load tests.
package struct AccountSeed: Sendable {
    /// An account that should be there.
    package struct Plan: Sendable {
        package let username: String
        package let displayName: String
        /// Nil: nobody can log in, only tokens open it.
        package let password: String?
        package let audience: Audience

        package init(username: String, displayName: String, password: String?, audience: Audience) {
            self.username = username
            self.displayName = displayName
            self.password = password
            self.audience = audience
        }

        /// Of a domain that no mail can reach; tells a seeded account from somebody's own.
        var email: String { "\(username)@seed.invalid" }
    }

    /// The username belongs to an account that was not seeded.
    package struct Taken: Error, CustomStringConvertible {
        package let username: String
        package var description: String { "the username \(username) belongs to somebody else" }
    }

    private let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    /// Makes the accounts that are missing and answers the ids of all, in the order of the plans.
    ///
    /// Accounts that were seeded before stay as they are, whatever their owners changed.
    /// - Throws: `Taken`, or `StoreError`.
    package func ensure(_ plans: [Plan], at time: Timestamp) async throws -> [UserID] {
        var hashes: [String?] = []
        for plan in plans {
            hashes.append(try plan.password.map { try PasswordHashing.hash($0, PasswordCost()) })
        }
        try await pool.execute(
            """
            insert into users (id, username, email, password_hash, display_name, live_audience, workouts_audience,
                verified_at, created_at)
            select id, username, email, hash, name, audience, audience, \(time)::timestamptz, \(time)::timestamptz
            from unnest(\(plans.map { _ in UserID.make(at: time) })::uuid[], \(plans.map(\.username))::text[],
                \(plans.map(\.email))::text[], \(hashes)::text[], \(plans.map(\.displayName))::text[],
                \(plans.map(\.audience.rawValue))::text[]) as plan (id, username, email, hash, name, audience)
            on conflict do nothing
            """)
        let rows = try await pool.query(
            "select email, id from users where email = any(\(plans.map(\.email)))", as: (String, UserID).self)
        let ids = Dictionary(rows, uniquingKeysWith: { first, _ in first })
        return try plans.map { plan in
            guard let id = ids[plan.email] else { throw Taken(username: plan.username) }
            return id
        }
    }
}
