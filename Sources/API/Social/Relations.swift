import Protocol
import Realtime
import Store

/// How users stand to each other: what live rooms and other features ask.
package struct Relations: Sendable {
    let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    /// What a viewer is to an athlete; a block in either direction makes it `blocked`.
    package func relation(of viewer: UserID, to athlete: UserID) async throws -> Realtime.Relation {
        if viewer == athlete { return .oneself }
        let (low, high) = Relations.ordered(viewer, athlete)
        let row = try await pool.first(
            """
            select exists (select from blocks where (blocker, blocked) in
                       ((\(viewer), \(athlete)), (\(athlete), \(viewer)))),
                   exists (select from friendships where low = \(low) and high = \(high) and state = 'friends')
            """, as: (Bool, Bool).self)
        guard let (isBlocked, isFriend) = row, !isBlocked else { return .blocked }
        return isFriend ? .friend : .stranger
    }

    /// A user's friends with their display names.
    package func friends(of user: UserID) async throws -> [Member] {
        try await pool.rows(
            """
            select u.id, u.display_name
            from friendships f join users u on u.id = case when f.low = \(user) then f.high else f.low end
            where (f.low = \(user) or f.high = \(user)) and f.state = 'friends' and u.status = 'active'
            """
        ) { row throws(StoreError) in Member(userId: try row.next(), name: try row.next()) }
    }

    /// Makes pairs of users friends, whatever they were before; for demos and load tests.
    package func makeFriends(_ pairs: [(UserID, UserID)], at time: Timestamp) async throws {
        let ordered = pairs.map { Relations.ordered($0.0, $0.1) }
        try await pool.execute(
            """
            insert into friendships (low, high, state, requested_by, requested_at, changed_at)
            select distinct low, high, 'friends', low, \(time)::timestamptz, \(time)::timestamptz
            from unnest(\(ordered.map(\.low)), \(ordered.map(\.high))) as pair (low, high)
            on conflict (low, high) do update set state = 'friends', changed_at = excluded.changed_at
                where friendships.state <> 'friends'
            """)
    }

    /// What a profile says of the viewer's relation; nil when the two do not exist to each other.
    func shownRelation(of viewer: UserID, to user: UserID) async throws -> PublicProfile.Relation? {
        if viewer == user { return .oneself }
        let (low, high) = Relations.ordered(viewer, user)
        let row = try await pool.first(
            """
            select exists (select from blocks where (blocker, blocked) in
                       ((\(viewer), \(user)), (\(user), \(viewer)))),
                   (select state from friendships where low = \(low) and high = \(high)),
                   (select requested_by from friendships where low = \(low) and high = \(high))
            """, as: (Bool, FriendshipState?, UserID?).self)
        guard let (isBlocked, state, requestedBy) = row, !isBlocked else { return nil }
        return PublicProfile.Relation(state, isOwnRequest: requestedBy == viewer)
    }

    /// The pair in the order its row has.
    static func ordered(_ first: UserID, _ second: UserID) -> (low: UserID, high: UserID) {
        first < second ? (first, second) : (second, first)
    }
}

/// The states of a friendship's row.
enum FriendshipState: String, Sendable, SQLBindable, ColumnDecodable {
    case requested, friends, declined
}
