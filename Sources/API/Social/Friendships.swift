import Protocol
import Store

/// The rules of asking for, answering and ending a friendship.
struct Friendships: Sendable {
    /// How long a declined user has to wait before asking again.
    static let repeatAfter = Duration.seconds(30 * 24 * 3600)

    let pool: PostgresPool
    let now: @Sendable () -> Timestamp

    private struct Pair: Sendable {
        let state: FriendshipState
        let requestedBy: UserID
        let changedAt: Timestamp
    }

    /// Asks a user for friendship; a request that crosses theirs makes both friends.
    ///
    /// Throws `notFound` for users the caller may not know of, `alreadyFriends`, `requestPending`, `requestTooSoon`.
    func request(from user: UserID, to other: UserID, by seed: CallSeed) async throws -> Friendship {
        let time = seed.at
        return try await pool.transaction { connection in
            try Friendships.lock(user, other, on: connection)
            guard let card = try Friendships.visibleCard(of: other, to: user, on: connection) else {
                throw Problem(.notFound)
            }
            let pair = try Friendships.pair(user, other, on: connection)
            // An earlier try of the call has made it what it is.
            if seed.isRetry, let pair, pair.changedAt == time, pair.state != .declined {
                return Friendship(user: card, state: pair.state == .friends ? .friends : .requested)
            }
            switch pair?.state {
            case .friends: throw Problem(.alreadyFriends)
            case .requested where pair?.requestedBy == user: throw Problem(.requestPending)
            case .requested:
                try Friendships.write(.friends, user, other, requestedBy: other, at: time, on: connection)
                return Friendship(user: card, state: .friends)
            case .declined:
                if let pair, pair.requestedBy == user, time - pair.changedAt < Self.repeatAfter {
                    throw Problem(.requestTooSoon)
                }
                fallthrough
            case nil:
                try Friendships.write(.requested, user, other, requestedBy: user, at: time, on: connection)
                return Friendship(user: card, state: .requested)
            }
        }
    }

    /// Accepts or rejects a request. Throws `notFound` when there is none; accepting twice changes nothing.
    func answer(_ other: UserID, by user: UserID, _ action: FriendAnswerBody.Action) async throws -> Friendship {
        let time = now()
        return try await pool.transaction { connection in
            try Friendships.lock(user, other, on: connection)
            guard let card = try Friendships.visibleCard(of: other, to: user, on: connection),
                let pair = try Friendships.pair(user, other, on: connection)
            else { throw Problem(.notFound) }
            if pair.state == .friends, action == .accept { return Friendship(user: card, state: .friends) }
            guard pair.state == .requested, pair.requestedBy == other else { throw Problem(.notFound) }
            let state: FriendshipState = action == .accept ? .friends : .declined
            try Friendships.write(state, user, other, requestedBy: other, at: time, on: connection)
            return Friendship(user: card, state: action == .accept ? .friends : .rejected)
        }
    }

    /// Ends a friendship or withdraws a request. Throws `notFound` when there is neither.
    func end(with other: UserID, by user: UserID) async throws {
        let (low, high) = Relations.ordered(user, other)
        let ended = try await pool.execute(
            """
            delete from friendships where low = \(low) and high = \(high)
              and (state = 'friends' or (state = 'requested' and requested_by = \(user)))
            """)
        guard ended == 1 else { throw Problem(.notFound) }
    }

    /// Blocks a user and ends the friendship or the request between the two. That a request was declined stays known:
    /// whoever was declined still has to wait once the block is taken back. Throws `notFound` for a user that does not
    /// exist, or does not for this one, who is blocked by them.
    func block(_ other: UserID, by user: UserID) async throws {
        let time = now()
        let (low, high) = Relations.ordered(user, other)
        try await pool.transaction { connection in
            try Friendships.lock(user, other, on: connection)
            let isKnown = try connection.first(
                """
                select exists (select from blocks where blocker = \(user) and blocked = \(other))
                    or not exists (select from blocks where blocker = \(other) and blocked = \(user))
                from users where id = \(other)
                """, as: Bool.self)
            guard isKnown == true else { throw Problem(.notFound) }
            try connection.execute(
                """
                insert into blocks (blocker, blocked, blocked_at) values (\(user), \(other), \(time))
                on conflict do nothing
                """)
            try connection.execute(
                "delete from friendships where low = \(low) and high = \(high) and state <> 'declined'")
        }
    }

    /// Takes a block back; without one nothing happens.
    func unblock(_ other: UserID, by user: UserID) async throws {
        try await pool.execute("delete from blocks where blocker = \(user) and blocked = \(other)")
    }

    /// Puts changes of one pair in a row until the transaction ends, whether it has rows yet or not.
    private static func lock(_ user: UserID, _ other: UserID, on connection: isolated PostgresConnection) throws {
        let (low, high) = Relations.ordered(user, other)
        let key = Int64(bitPattern: low.low ^ (high.low &* 0x9E37_79B9_7F4A_7C15) ^ high.high)
        _ = try connection.execute("select pg_advisory_xact_lock(\(key))")
    }

    private static func pair(
        _ user: UserID, _ other: UserID, on connection: isolated PostgresConnection
    ) throws -> Pair? {
        let (low, high) = Relations.ordered(user, other)
        return try connection.first(
            "select state, requested_by, changed_at from friendships where low = \(low) and high = \(high)"
        ) { row throws(StoreError) in
            Pair(state: try row.next(), requestedBy: try row.next(), changedAt: try row.next())
        }
    }

    private static func write(
        _ state: FriendshipState, _ user: UserID, _ other: UserID, requestedBy: UserID, at time: Timestamp,
        on connection: isolated PostgresConnection
    ) throws {
        let (low, high) = Relations.ordered(user, other)
        try connection.execute(
            """
            insert into friendships (low, high, state, requested_by, requested_at, changed_at)
            values (\(low), \(high), \(state), \(requestedBy), \(time), \(time))
            on conflict (low, high) do update set state = excluded.state, requested_by = excluded.requested_by,
                requested_at = case when excluded.state = 'requested' then excluded.requested_at
                                    else friendships.requested_at end,
                changed_at = excluded.changed_at
            """)
    }

    /// The user as a card; nil when there is none or a block stands between the two.
    private static func visibleCard(
        of other: UserID, to user: UserID, on connection: isolated PostgresConnection
    ) throws -> UserCard? {
        try connection.first(
            """
            select id, username, display_name from users u
            where id = \(other) and status = 'active'
              and not exists (select from blocks where (blocker, blocked) in
                  ((\(user), \(other)), (\(other), \(user))))
            """
        ) { row throws(StoreError) in
            UserCard(id: try row.next(), username: try row.next(), displayName: try row.next())
        }
    }
}
