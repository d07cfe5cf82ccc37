import Protocol
import Store

/// An account as it stands now, its row locked until the transaction ends.
///
/// Sessions are opened, and passwords, addresses and accounts changed, only from here: what was verified before the
/// lock is compared once more under it.
struct LockedAccount: Sendable {
    let account: Account
    let role: Role
    let standing: AccountStanding
    let passwordHash: String?

    var id: UserID { account.id }
    var email: String { account.email }

    /// Locks the account of a user; nil when it is gone. Not so strongly that rows which only refer to it would wait:
    /// they come from transactions that hold a session, which may be ended here.
    static func lock(_ user: UserID, on connection: isolated PostgresConnection) throws -> LockedAccount? {
        try connection.first(
            """
            select id, username, display_name, email, verified_at is not null, created_at, role, status, password_hash
            from users where id = \(user) for no key update
            """
        ) { row throws(StoreError) in
            let account = Account(
                id: try row.next(), username: try row.next(), displayName: try row.next(), email: try row.next(),
                isVerified: try row.next(), createdAt: try row.next())
            return LockedAccount(
                account: account, role: try row.next(), standing: try row.next(), passwordHash: try row.next())
        }
    }

    /// Locks the account of a signed-in user who proved to be its owner. Throws `StaleProof` where the account has
    /// changed since, and `sessionEnded` where the session has.
    static func lock(
        _ identity: Identity, holding proof: OwnerProof, on connection: isolated PostgresConnection
    ) throws -> LockedAccount {
        guard let account = try lock(identity.userId, on: connection) else { throw Problem(.sessionEnded) }
        try account.admit(identity, proof, on: connection)
        return account
    }

    /// Throws `sessionEnded` unless the session is still open, and `StaleProof` unless the proof still holds.
    func admit(
        _ identity: Identity, _ proof: OwnerProof, on connection: isolated PostgresConnection
    ) throws {
        try checkOpen(identity, on: connection)
        guard proof.holds(for: self) else { throw StaleProof() }
    }

    /// Throws `sessionEnded` unless the caller's session is still open.
    func checkOpen(_ identity: Identity, on connection: isolated PostgresConnection) throws {
        precondition(identity.userId == id, "somebody else's account is locked")
        try identity.checkOpen(on: connection)
    }
}

extension Identity {
    /// Throws `sessionEnded` unless the session is still open, to be asked behind the lock of the account's row: whoever ends
    /// sessions holds that.
    func checkOpen(on connection: isolated PostgresConnection) throws {
        let isOpen = try connection.first(
            "select true from sessions where id = \(sid) and user_id = \(userId) and revoked_at is null", as: Bool.self)
        guard isOpen == true else { throw Problem(.sessionEnded) }
    }
}

/// How a signed-in user has just proved to own the account.
enum OwnerProof: Sendable {
    /// By the password that has this hash.
    case password(hash: String)
    /// By having signed in lately, to an account without a password.
    case freshSignIn

    func holds(for account: LockedAccount) -> Bool {
        switch self {
        case .password(let hash): account.passwordHash == hash
        case .freshSignIn: account.passwordHash == nil
        }
    }
}

/// The password changed after it was verified: start over.
struct StaleProof: Error {}
