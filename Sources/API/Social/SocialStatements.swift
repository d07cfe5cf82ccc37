import Protocol
import Store

/// The statement that friends and requests are listed with; its plan is tested.
package enum SocialStatements {
    /// The other user of each pair `f` in a state, the latest change first; `condition` begins with `and` or is empty.
    package static func pairs(of user: UserID, state: String, and condition: SQL = "", limit: Int) -> SQL {
        """
        select u.id, u.username, u.display_name, f.changed_at, u.live_audience, f.requested_by = \(user)
        from friendships f join users u on u.id = case when f.low = \(user) then f.high else f.low end
        where (f.low = \(user) or f.high = \(user)) and f.state = \(state) and u.status = 'active' \(condition)
        order by f.changed_at desc, u.id desc limit \(limit)
        """
    }
}
