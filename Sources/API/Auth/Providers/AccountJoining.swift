import Foundation
import Protocol
import Store

/// Which account somebody gets who signs in by a provider.
///
/// The identity there decides, once it is known. A first time, a verified address joins the account that has it: a
/// verified one as it is, an unverified one is taken over from whoever registered it. An unverified address joins
/// nothing; it only makes a new account that has to verify it.
struct AccountJoining: Sendable {
    let pool: PostgresPool
    let sessions: Sessions
    let events: SecurityEvents
    let mail: AccountMail
    let verification: EmailVerification
    let deletion: AccountDeletion
    let now: @Sendable () -> Timestamp

    private struct Holder: Sendable {
        let id: UserID
        let isVerified: Bool
        let role: Role
        let standing: AccountStanding
    }

    /// Opens a session. Throws `accountSuspended`, `emailTaken` for an unverified address that an account has, and
    /// `signInFailed` when the provider tells no address.
    func signIn(_ profile: ProviderProfile, from origin: Sessions.Origin) async throws -> Sessions.Opened {
        do {
            return try await signInOnce(profile, origin)
        } catch StoreError.unique {
            // Somebody made the account, the name or the identity at the same moment: now it is found.
            return try await signInOnce(profile, origin)
        }
    }

    private func signInOnce(
        _ profile: ProviderProfile, _ origin: Sessions.Origin
    ) async throws -> Sessions.Opened {
        let (opened, ended, wasLeaving) = try await pool.transaction { connection in
            var ended: [SessionID] = []
            let holder =
                try known(profile, on: connection) ?? joined(profile, origin, &ended, on: connection)
                ?? made(profile, origin, on: connection)
            guard holder.standing != .suspended else { throw Problem(.accountSuspended) }
            let wasLeaving = holder.standing != .active
            if wasLeaving { try deletion.cancel(holder.id, from: origin, on: connection) }
            let opened = try sessions.open(
                for: holder.id, isVerified: holder.isVerified, role: holder.role, from: origin, on: connection)
            return (opened, ended, wasLeaving)
        }
        await sessions.revoked.add(ended)
        if wasLeaving { await deletion.live.livePreferenceChanged(opened.identity.userId) }
        return opened
    }

    private func known(_ profile: ProviderProfile, on connection: isolated PostgresConnection) throws -> Holder? {
        try connection.first(
            """
            select u.id, u.verified_at is not null, u.role, u.status
            from sign_in_identities i join users u on u.id = i.user_id
            where i.provider = \(profile.provider.rawValue) and i.subject = \(profile.subject)
            """, Self.readHolder)
    }

    private func joined(
        _ profile: ProviderProfile, _ origin: Sessions.Origin, _ ended: inout [SessionID],
        on connection: isolated PostgresConnection
    ) throws -> Holder? {
        let email = try Self.email(of: profile)
        let found = try connection.first(
            "select id, verified_at is not null, role, status from users where email = \(email) for update",
            Self.readHolder)
        guard let found else { return nil }
        guard profile.isEmailVerified else {
            throw Problem(.emailTaken, detail: "Verify the address at the provider, or sign in with the password.")
        }
        guard found.standing != .suspended else { throw Problem(.accountSuspended) }
        if !found.isVerified { ended = try takeOver(found.id, origin, on: connection) }
        try join(profile, to: found.id, origin, on: connection)
        try mail.notify(found.id, of: .identityJoined, on: connection)
        return Holder(id: found.id, isVerified: true, role: found.role, standing: found.standing)
    }

    /// Takes from an account whatever somebody who did not own its address may have put there to get in again.
    private func takeOver(
        _ user: UserID, _ origin: Sessions.Origin, on connection: isolated PostgresConnection
    ) throws -> [SessionID] {
        try connection.execute("delete from sign_in_identities where user_id = \(user)")
        try connection.execute("delete from mail_links where user_id = \(user)")
        try connection.execute("delete from email_changes where user_id = \(user)")
        try connection.execute(
            """
            update users set password_hash = null, verified_at = \(now()), version = version + 1 where id = \(user)
            """)
        try events.record(.takenOver, of: user, address: origin.address, on: connection)
        return try sessions.endAll(of: user, on: connection)
    }

    private func join(
        _ profile: ProviderProfile, to user: UserID, _ origin: Sessions.Origin,
        on connection: isolated PostgresConnection
    ) throws {
        try connection.execute(
            """
            insert into sign_in_identities (provider, subject, user_id, created_at)
            values (\(profile.provider.rawValue), \(profile.subject), \(user), \(now()))
            """)
        try events.record(.identityJoined, of: user, address: origin.address, on: connection)
    }

    private func made(
        _ profile: ProviderProfile, _ origin: Sessions.Origin, on connection: isolated PostgresConnection
    ) throws -> Holder {
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
            values (\(user), \(username), \(email), \(UsernameProposal.displayName(profile.name) ?? username),
                \(verifiedAt as Timestamp?), \(time))
            """)
        try events.record(.registered, of: user, address: origin.address, on: connection)
        try join(profile, to: user, origin, on: connection)
        if verifiedAt == nil { try verification.ask(user, on: connection) }
        return Holder(id: user, isVerified: verifiedAt != nil, role: .user, standing: .active)
    }

    private static func email(of profile: ProviderProfile) throws(Problem) -> String {
        var faults: [Problem.Fault] = []
        guard let text = profile.email, let email = ValueRule<String>.email.read(.string(text), "", &faults) else {
            throw Problem(.signInFailed, detail: "The provider tells no email address.")
        }
        return email
    }

    private static let readHolder: @Sendable (inout RowReader) throws(StoreError) -> Holder = {
        row throws(StoreError) in
        Holder(
            id: try row.next(), isVerified: try row.next(), role: try row.next(),
            standing: try row.next())
    }
}

/// Names for an account that a provider's profile makes.
enum UsernameProposal {
    /// The name as close as usernames allow, then the same with four digits, ten times.
    static func names(for wish: String) -> [String] {
        let plain = wish.lowercased().utf8.map { byte -> Character in
            let isAllowed = (97...122).contains(byte) || (48...57).contains(byte)
            return isAllowed ? Character(UnicodeScalar(byte)) : "_"
        }
        let trimmed = String(plain.prefix(24))
        let base = trimmed.contains { $0 != "_" } && trimmed.count >= 3 ? trimmed : "lifter"
        return [base] + (0..<10).map { _ in "\(base)_\(Int.random(in: 1000...9999))" }
    }

    /// A provider's name as display names are; nil when nothing is left of it.
    static func displayName(_ name: String?) -> String? {
        let scalars = (name ?? "").unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(80)
        let text = String(String.UnicodeScalarView(scalars)).trimmingSpaces()
        return text.isEmpty ? nil : text
    }
}
