import Protocol
import Store

extension Sessions {
    /// Ends one session of a user, or all of them; open sockets close at once.
    ///
    /// Answers false when the user has no such session, or it has ended already. One that can renew nothing any more is
    /// ended too: its access token may still be good.
    @discardableResult
    func end(_ sid: SessionID, of user: UserID, everywhere: Bool = false, from origin: Origin) async throws -> Bool {
        let ended = try await pool.transaction { connection -> [SessionID] in
            if everywhere {
                try events.record(.allSessionsEnded, of: user, session: sid, address: origin.address, on: connection)
                return try endAll(of: user, on: connection)
            }
            let ended = try connection.query(
                """
                update sessions set revoked_at = \(now())
                where id = \(sid) and user_id = \(user) and revoked_at is null
                returning id
                """, as: SessionID.self)
            guard !ended.isEmpty else { return [] }
            try events.record(.sessionEnded, of: user, session: sid, address: origin.address, on: connection)
            return ended
        }
        await revoked.add(ended)
        return !ended.isEmpty
    }

    /// Ends the sessions of a user inside the caller's transaction, but for one; answers which.
    ///
    /// Give them to `revoked` after the commit, so that their sockets close at once.
    func endAll(
        of user: UserID, except kept: SessionID? = nil, on connection: isolated PostgresConnection
    ) throws -> [SessionID] {
        let others: SQL = kept.map { "and id <> \($0)" } ?? ""
        return try connection.query(
            """
            update sessions set revoked_at = \(now()) where user_id = \(user) and revoked_at is null \(others)
            returning id
            """, as: SessionID.self)
    }
}
