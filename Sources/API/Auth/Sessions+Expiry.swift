import Protocol
import Store

extension Sessions {
    /// How long sessions that have ended are kept, to tell their owner about them.
    static let endedAreKept = Duration.seconds(30 * 24 * 3600)

    /// Removes sessions that ended long ago with their tokens, a few thousand at a time; answers how many.
    func removeEnded() async throws -> Int {
        let limit = now() - Self.endedAreKept
        return try await pool.execute(
            """
            delete from sessions where ctid in (
                select ctid from sessions where expires_at < \(limit) or revoked_at < \(limit)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }

    /// Removes tokens of living sessions that are too old to renew anything, a few thousand at a time.
    func removeOldTokens() async throws -> Int {
        try await pool.execute(
            """
            delete from refresh_tokens where ctid in (
                select ctid from refresh_tokens where created_at < \(now() - refreshLifetime - Self.endedAreKept)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }
}
