import HTTPTypes
import Protocol
import Realtime
import Store

/// `/v1/users/friends`, `/v1/users/blocked` and `/v1/users/:userId/block`.
struct SocialRoutes: Sendable {
    let friendships: Friendships
    let lists: SocialLists
    let search: PeopleSearch
    let suggestions: FriendSuggestions
    /// When users were here last.
    let lastActivity: @Sendable ([UserID]) async throws -> [UserID: Timestamp]
    let live: LiveHooks

    func declare(on routes: inout RouteTable) {
        routes.get("/v1/users/friends", "One's friends, the newest first", use: friends)
        routes.get("/v1/users/search", "Finds people by username and name, best first", use: find)
        routes.get(
            "/v1/users/friends/suggestions", "People one may know, each with the reasons, best first", use: suggest)
        routes.get("/v1/users/friends/requests", "Friend requests in and out, the newest first", use: requests)
        routes.post(
            "/v1/users/friends/request", "Asks a user for friendship; crossing requests make friends",
            status: .created,
            RouteOptions(
                problems: [.notFound, .alreadyFriends, .requestPending, .requestTooSoon], limit: .write,
                isKeyed: true), use: request)
        routes.put("/v1/users/friends/:userId", "Accepts or rejects a friend request", use: answer)
        routes.delete("/v1/users/friends/:userId", "Ends a friendship or withdraws a request", use: end)
        routes.post(
            "/v1/users/:userId/block", "Blocks a user, at once everywhere", status: .noContent,
            RouteOptions(problems: [.forbidden], limit: .write), use: block)
        routes.delete("/v1/users/:userId/block", "Takes a block back", use: unblock)
        routes.get("/v1/users/blocked", "Blocked users, the newest first", use: blocked)
    }

    private func friends(
        _ call: Call<SignedInUser, ListQuery<FriendsOrder>, NoBody>
    ) async throws -> Answer<Page<Friend>> {
        let rows = try await lists.friends(of: call.caller.id, call.query.page)
        let activity = try await lastActivity(rows.map(\.card.id))
        return Answer(
            call.query.page.page(of: rows, cursor: SocialRoutes.cursor) { row in
                // Who lets nobody watch does not show as online, as on the socket, nor when that was.
                let isShown = row.live != .private
                let status = isShown ? live.status(row.card.id, call.caller.id) : .hidden
                return Friend(
                    user: row.card, since: row.at, online: status.isOnline,
                    lastActiveAt: isShown ? activity[row.card.id] : nil,
                    live: status.live.map { Friend.LiveWorkout(workoutId: $0) })
            })
    }

    private func find(_ call: Call<SignedInUser, PeopleQuery, NoBody>) async throws -> Answer<Page<FoundUser>> {
        Answer(try await search.page(call.query.words, for: call.caller.id, call.query.page))
    }

    private func suggest(
        _ call: Call<SignedInUser, SuggestionsQuery, NoBody>
    ) async throws -> Answer<Listed<FriendSuggestion>> {
        let limit = call.query.limit
        return Answer(Listed(items: try await suggestions.suggestions(for: call.caller.id, limit: limit)))
    }

    private func requests(_ call: Call<SignedInUser, RequestsQuery, NoBody>) async throws -> Answer<Page<FriendRequest>>
    {
        let rows = try await lists.requests(of: call.caller.id, call.query.direction, call.query.page)
        return Answer(
            call.query.page.page(of: rows, cursor: SocialRoutes.cursor) { row in
                FriendRequest(user: row.card, direction: row.direction, requestedAt: row.at)
            })
    }

    private func request(
        _ call: Call<VerifiedUser, NoQuery, FriendRequestBody>
    ) async throws -> Answer<Friendship> {
        let other = call.body.userId
        guard other != call.caller.id else {
            let fault = Problem.Fault(pointer: "/userId", code: .notAllowed, detail: "Must be somebody else.")
            throw Problem(.invalidValues, errors: [fault])
        }
        let friendship = try await friendships.request(from: call.caller.id, to: other, by: call.seed)
        if friendship.state == .friends { await live.relationChanged(call.caller.id, other) }
        return Answer(friendship)
    }

    private func answer(_ call: Call<VerifiedUser, NoQuery, FriendAnswerBody>) async throws -> Answer<Friendship> {
        let other = try call.id("userId")
        let friendship = try await friendships.answer(other, by: call.caller.id, call.body.action)
        if friendship.state == .friends { await live.relationChanged(call.caller.id, other) }
        return Answer(friendship)
    }

    private func end(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        let other = try call.id("userId")
        try await friendships.end(with: other, by: call.caller.id)
        await live.relationChanged(call.caller.id, other)
        return .done
    }

    private func block(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        let other = try call.id("userId")
        guard other != call.caller.id else { throw Problem(.forbidden, detail: "One cannot block oneself.") }
        try await friendships.block(other, by: call.caller.id)
        await live.relationChanged(call.caller.id, other)
        return .done
    }

    private func unblock(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        let other = try call.id("userId")
        try await friendships.unblock(other, by: call.caller.id)
        await live.relationChanged(call.caller.id, other)
        return .done
    }

    private func blocked(
        _ call: Call<SignedInUser, ListQuery<BlockedOrder>, NoBody>
    ) async throws -> Answer<Page<BlockedUser>> {
        let rows = try await lists.blocked(by: call.caller.id, call.query.page)
        let page = call.query.page.page(
            of: rows, cursor: { Cursor(after: $0.blockedAt.rfc3339, $0.user.id.description) }, item: { $0 })
        return Answer(page)
    }

    private static func cursor(_ row: SocialLists.Row) -> Cursor {
        Cursor(after: row.at.rfc3339, row.card.id.description)
    }
}

enum FriendsOrder: ListOrder {
    static let name = "friends"
    static let keys: [Cursor.Key] = [.time, .id]
}

enum BlockedOrder: ListOrder {
    static let name = "blocked"
    static let keys: [Cursor.Key] = [.time, .id]
}

/// `?direction=` of friend requests.
struct RequestsQuery: RouteQuery {
    static let directionField = Field.optional(
        "direction", ValueRule<FriendRequest.Direction>.choice, "Only those that came, or those that went.")
    static var parameters: [MemberSchema] { PageRequest.parameters + [directionField.schema] }
    let page: PageRequest
    let direction: FriendRequest.Direction?

    init?(reading query: inout QueryReader) {
        direction = query.optional(Self.directionField)
        page = PageRequest(reading: &query, list: "requests", keys: [.time, .id])
    }
}

extension FriendRequestBody: BodyInput, RouteBody {
    static let userIdField = Field("userId", .id, "Whom to ask.")
    package static var members: [MemberSchema] { [userIdField.schema] }

    package init?(reading body: inout BodyReader) {
        guard let userId = body.required(Self.userIdField) else { return nil }
        self.init(userId: userId)
    }
}

extension FriendAnswerBody: BodyInput, RouteBody {
    static let actionField = Field("action", ValueRule<Action>.choice, "What to do with the request.")
    package static var members: [MemberSchema] { [actionField.schema] }

    package init?(reading body: inout BodyReader) {
        guard let action = body.required(Self.actionField) else { return nil }
        self.init(action: action)
    }
}
