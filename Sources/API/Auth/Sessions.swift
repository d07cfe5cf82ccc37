import Protocol
import Store

/// Opens, renews and ends sessions; all rules of refresh tokens are here.
package struct Sessions: Sendable {
    /// Where a sign-in comes from.
    package struct Origin: Sendable {
        let address: String
        let userAgent: String?
        /// Under which the log knows the request.
        let requestId: String
    }

    /// A session with the secret that renews it.
    struct Opened: Sendable {
        let identity: Identity
        let refreshToken: OpaqueSecret
        let refreshExpiresAt: Timestamp
        /// When it was opened or renewed, under the lock that whatever ends it takes too.
        let at: Timestamp
        /// Whether it belongs to an account that was to be erased and stays by this sign-in.
        var isKept = false
    }

    private enum Renewal: Sendable {
        case renewed(Opened)
        case refused
        case reused(SessionID)
    }

    let pool: PostgresPool
    let revoked: RevokedSessions
    let accessLifetime: Duration
    let refreshLifetime: Duration
    /// However often it is renewed, a session ends after this time.
    let longest: Duration
    let now: @Sendable () -> Timestamp

    var events: SecurityEvents { SecurityEvents(pool: pool, now: now) }

    /// Opens a session for an account, inside the transaction that has locked it and compared what was proved.
    func open(
        for account: LockedAccount, passedFactor: Bool = false, from origin: Origin,
        on connection: isolated PostgresConnection
    ) throws -> Opened {
        let (user, time) = (account.id, now())
        let sid = SessionID.make(at: time)
        let expiry = time + min(refreshLifetime, longest)
        try connection.execute(
            """
            insert into sessions (id, user_id, user_agent, address, created_at, last_used_at, expires_at, factor_at)
            values (\(sid), \(user), \(origin.userAgent as String?), \(origin.address), \(time), \(time), \(expiry),
                \((passedFactor ? time : nil) as Timestamp?))
            """)
        let token = OpaqueSecret()
        try connection.execute(
            """
            insert into refresh_tokens (hash, session_id, created_at) values (\(token.hash), \(sid), \(time))
            """)
        try events.record(.signedIn, of: user, session: sid, address: origin.address, on: connection)
        let (role, withheld) = account.role.counting(afterFactor: passedFactor)
        let identity = Identity(
            userId: user, sid: sid, expiresAt: time + min(accessLifetime, longest),
            isVerified: account.account.isVerified, role: role, withheldRole: withheld)
        return Opened(identity: identity, refreshToken: token, refreshExpiresAt: expiry, at: time)
    }

    /// So long after its first use a token works again whatever became of its successors.
    static let grace = Duration.seconds(30)

    /// Gives a successor for a refresh token.
    ///
    /// A token that was used works again for 30 seconds after its first use (two tabs at once), and later while none of
    /// its successors was used: an answer lost on the way logs nobody out. Any other repeat ends the whole session, and
    /// so does its age.
    ///
    /// A session has one line of tokens all the same: whoever goes on with a token ends every other one that was not
    /// used, but for those whose parent's 30 seconds are not over. So a thief who was quick enough to get a token of
    /// their own is found out as soon as both have gone on. Throws `invalidRefreshToken`.
    func renew(_ text: String, from origin: Origin) async throws -> Opened {
        guard let token = OpaqueSecret(text) else { throw Problem(.invalidRefreshToken) }
        let renewal = try await pool.transaction { connection in try renew(token, from: origin, on: connection) }
        switch renewal {
        case .renewed(let opened): return opened
        case .refused: throw Problem(.invalidRefreshToken)
        case .reused(let sid):
            await revoked.add([sid])
            throw Problem(.invalidRefreshToken)
        }
    }

    private func renew(
        _ token: OpaqueSecret, from origin: Origin, on connection: isolated PostgresConnection
    ) throws -> Renewal {
        let time = now()
        // The session's lock puts simultaneous renewals in a row.
        let found = try connection.first(
            """
            select s.id, s.user_id, u.verified_at is not null, u.role, u.status, s.created_at, s.expires_at,
                s.revoked_at, s.factor_at is not null
            from sessions s join users u on u.id = s.user_id
            where s.id = (select session_id from refresh_tokens where hash = \(token.hash))
            for update of s
            """, as: (SessionID, UserID, Bool, Role, AccountStanding, Timestamp, Timestamp, Timestamp?, Bool).self)
        guard let (sid, user, isVerified, granted, standing, openedAt, expiresAt, revokedAt, passedFactor) = found,
            revokedAt == nil,
            expiresAt > time, standing == .active, openedAt + longest > time
        else { return .refused }
        let state = try connection.first(
            """
            select used_at <= \(time - Self.grace), superseded_at is not null,
                exists (select from refresh_tokens c where c.parent = t.hash and c.used_at is not null)
            from refresh_tokens t where hash = \(token.hash)
            """, as: (Bool?, Bool, Bool).self)
        guard let (wasUsedLongAgo, isSuperseded, hasUsedSuccessor) = state else { return .refused }
        if isSuperseded || (wasUsedLongAgo == true && hasUsedSuccessor) {
            try end(sid, of: user, .refreshTokenReused, from: origin, at: time, on: connection)
            return .reused(sid)
        }
        let successor = OpaqueSecret()
        let expiry = min(time + refreshLifetime, openedAt + longest)
        try connection.execute(
            "update refresh_tokens set used_at = coalesce(used_at, \(time)) where hash = \(token.hash)")
        try connection.execute(
            """
            update refresh_tokens t set superseded_at = \(time)
            where t.session_id = \(sid) and t.used_at is null and t.superseded_at is null
              and not exists (select from refresh_tokens p where p.hash = t.parent and p.used_at > \(time - Self.grace))
            """)
        try connection.execute(
            """
            insert into refresh_tokens (hash, session_id, parent, created_at)
            values (\(successor.hash), \(sid), \(token.hash), \(time))
            """)
        try connection.execute(
            """
            update sessions set last_used_at = \(time), expires_at = \(expiry), address = \(origin.address),
                user_agent = coalesce(\(origin.userAgent as String?), user_agent)
            where id = \(sid)
            """)
        let (role, withheld) = granted.counting(afterFactor: passedFactor)
        let identity = Identity(
            userId: user, sid: sid, expiresAt: min(time + accessLifetime, openedAt + longest), isVerified: isVerified,
            role: role, withheldRole: withheld)
        return .renewed(
            Opened(identity: identity, refreshToken: successor, refreshExpiresAt: expiry, at: time))
    }

    private func end(
        _ sid: SessionID, of user: UserID, _ kind: SecurityEventKind, from origin: Origin, at time: Timestamp,
        on connection: isolated PostgresConnection
    ) throws {
        try connection.execute("update sessions set revoked_at = \(time) where id = \(sid) and revoked_at is null")
        try events.record(kind, of: user, session: sid, address: origin.address, on: connection)
    }
}
