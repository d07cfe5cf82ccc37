import Protocol
import Store

/// The statement that sessions are listed with; its plan is tested.
package enum SessionStatements {
    /// A user's sessions that are open at a time, the latest first; `condition` begins with `and` or is empty.
    package static func open(of user: UserID, at time: Timestamp, and condition: SQL = "", limit: Int) -> SQL {
        """
        select id, user_agent, address, created_at, last_used_at, expires_at from sessions
        where user_id = \(user) and revoked_at is null and expires_at > \(time) \(condition)
        order by id desc limit \(limit)
        """
    }
}
