import Protocol
import Store

/// Lists of friends, requests and blocked users, newest first.
struct SocialLists: Sendable {
    struct Row: Sendable {
        let card: UserCard
        let at: Timestamp
        let live: Audience
        let direction: FriendRequest.Direction
    }

    let pool: PostgresPool

    /// Friends, the newest friendship first.
    func friends(of user: UserID, _ page: PageRequest) async throws -> [Row] {
        try await rows(of: user, state: .friends, direction: nil, page)
    }

    /// Requests that wait for an answer.
    func requests(of user: UserID, _ direction: FriendRequest.Direction?, _ page: PageRequest) async throws -> [Row] {
        try await rows(of: user, state: .requested, direction: direction, page)
    }

    private func rows(
        of user: UserID, state: FriendshipState, direction: FriendRequest.Direction?, _ page: PageRequest
    ) async throws -> [Row] {
        let only: SQL =
            switch direction {
            case nil: ""
            case .outgoing: "and f.requested_by = \(user)"
            case .incoming: "and f.requested_by <> \(user)"
            }
        let after: SQL =
            try page.after.map { cursor in
                "and (f.changed_at, u.id) < (\(try cursor.time(0)), \(try cursor.id(1)))"
            } ?? ""
        return try await pool.rows(
            SocialStatements.pairs(of: user, state: state.rawValue, and: "\(only) \(after)", limit: page.rowsToRead)
        ) { row throws(StoreError) in
            let card = UserCard(id: try row.next(), username: try row.next(), displayName: try row.next())
            return Row(
                card: card, at: try row.next(), live: try row.next(),
                direction: try row.next(Bool.self) ? .outgoing : .incoming)
        }
    }

    /// Blocked users, the newest block first.
    func blocked(by user: UserID, _ page: PageRequest) async throws -> [BlockedUser] {
        let after: SQL =
            try page.after.map { cursor in
                "and (b.blocked_at, u.id) < (\(try cursor.time(0)), \(try cursor.id(1)))"
            } ?? ""
        return try await pool.rows(
            """
            select u.id, u.username, u.display_name, b.blocked_at
            from blocks b join users u on u.id = b.blocked
            where b.blocker = \(user) \(after)
                -- Of two who blocked each other the one who did so first keeps seeing it.
                and not exists (select from blocks o where o.blocker = b.blocked and o.blocked = b.blocker
                    and (o.blocked_at, o.blocker) < (b.blocked_at, b.blocker))
            order by b.blocked_at desc, u.id desc limit \(page.rowsToRead)
            """
        ) { row throws(StoreError) in
            let card = UserCard(id: try row.next(), username: try row.next(), displayName: try row.next())
            return BlockedUser(user: card, blockedAt: try row.next())
        }
    }
}
