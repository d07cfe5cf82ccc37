import Protocol
import Store

/// An account elsewhere, by the id that never changes there.
struct ProviderIdentity: Hashable, Sendable {
    let provider: ProviderProfile.Provider
    let subject: String
}

/// Which accounts elsewhere sign in to which accounts here. What changes them runs inside a transaction that has locked
/// the account.
struct SignInIdentities: Sendable {
    let events: SecurityEvents
    let now: @Sendable () -> Timestamp

    /// Whose it is; nil for one that is not known here.
    func owner(of identity: ProviderIdentity, on connection: isolated PostgresConnection) throws -> UserID? {
        try connection.first(
            """
            select user_id from sign_in_identities
            where provider = \(identity.provider.rawValue) and subject = \(identity.subject)
            """, as: UserID.self)
    }

    /// Those of an account.
    func all(of user: UserID, on connection: isolated PostgresConnection) throws -> [ProviderIdentity] {
        let rows = try connection.query(
            "select provider, subject from sign_in_identities where user_id = \(user)",
            as: (ProviderProfile.Provider, String).self)
        return rows.map { ProviderIdentity(provider: $0, subject: $1) }
    }

    /// Has it sign in to the account from now on; false when another account has it.
    func join(
        _ identity: ProviderIdentity, to user: UserID, from origin: Sessions.Origin,
        on connection: isolated PostgresConnection
    ) throws -> Bool {
        let time = now()
        let joined = try connection.execute(
            """
            insert into sign_in_identities (id, provider, subject, user_id, created_at)
            values (\(UUIDv7.make(at: time)), \(identity.provider.rawValue), \(identity.subject), \(user), \(time))
            on conflict (provider, subject) do nothing
            """)
        guard joined == 1 else { return try owner(of: identity, on: connection) == user }
        try events.record(.identityJoined, of: user, address: origin.address, on: connection)
        return true
    }
}
