/// A user as lists show one.
public struct UserCard: Codable, Hashable, Sendable {
    public var id: UserID
    public var username: String
    public var displayName: String

    public init(id: UserID, username: String, displayName: String) {
        self.id = id
        self.username = username
        self.displayName = displayName
    }
}

/// An entry of `GET /v1/users/friends`
public struct Friend: Codable, Sendable {
    public var user: UserCard
    public var since: Timestamp
    /// Whether the friend has an open live connection; false where consent does not allow to say.
    public var online: Bool
    /// When the friend was here last, to about a quarter of an hour; null where consent does not allow to say.
    public var lastActiveAt: Timestamp?
    /// The newest workout the viewer may watch.
    public var live: LiveWorkout?

    public init(user: UserCard, since: Timestamp, online: Bool, lastActiveAt: Timestamp?, live: LiveWorkout?) {
        self.user = user
        self.since = since
        self.online = online
        self.lastActiveAt = lastActiveAt
        self.live = live
    }

    public struct LiveWorkout: Codable, Sendable {
        public var workoutId: WorkoutID

        public init(workoutId: WorkoutID) {
            self.workoutId = workoutId
        }
    }

    private enum CodingKeys: String, CodingKey { case user, since, online, lastActiveAt, live }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(user, forKey: .user)
        try container.encode(since, forKey: .since)
        try container.encode(online, forKey: .online)
        try container.encode(lastActiveAt, forKey: .lastActiveAt)
        try container.encode(live, forKey: .live)
    }
}

/// An entry of `GET /v1/users/friends/requests`
public struct FriendRequest: Codable, Sendable {
    public var user: UserCard
    public var direction: Direction
    public var requestedAt: Timestamp

    public init(user: UserCard, direction: Direction, requestedAt: Timestamp) {
        self.user = user
        self.direction = direction
        self.requestedAt = requestedAt
    }

    public enum Direction: String, Codable, Sendable, CaseIterable { case incoming, outgoing }
}

/// `POST /v1/users/friends/request`
public struct FriendRequestBody: Codable, Sendable {
    public var userId: UserID

    public init(userId: UserID) { self.userId = userId }
}

/// `PUT /v1/users/friends/:userId`
public struct FriendAnswerBody: Codable, Sendable {
    public var action: Action

    public init(action: Action) { self.action = action }

    public enum Action: String, Codable, Sendable, CaseIterable { case accept, reject }
}

/// How two users stand to each other after a request was made or answered.
public struct Friendship: Codable, Sendable {
    public var user: UserCard
    public var state: State

    public init(user: UserCard, state: State) {
        self.user = user
        self.state = state
    }

    public enum State: String, Codable, Sendable, CaseIterable { case requested, friends, rejected }
}

/// An entry of `GET /v1/users/blocked`
public struct BlockedUser: Codable, Sendable {
    public var user: UserCard
    public var blockedAt: Timestamp

    public init(user: UserCard, blockedAt: Timestamp) {
        self.user = user
        self.blockedAt = blockedAt
    }
}

/// An entry of `GET /v1/users/search`
public struct FoundUser: Codable, Sendable {
    public var user: UserCard
    /// How the caller stands to this user.
    public var relation: PublicProfile.Relation

    public init(user: UserCard, relation: PublicProfile.Relation) {
        self.user = user
        self.relation = relation
    }
}

/// An entry of `GET /v1/users/friends/suggestions`
public struct FriendSuggestion: Codable, Sendable {
    public var user: UserCard
    /// At least one, the strongest first.
    public var reasons: [Reason]

    public init(user: UserCard, reasons: [Reason]) {
        self.user = user
        self.reasons = reasons
    }

    public struct Reason: Codable, Hashable, Sendable {
        public var kind: Kind
        /// Common friends, or common exercises; 1 for the gym.
        public var count: Int
        /// For people to read.
        public var text: String

        public init(kind: Kind, count: Int, text: String) {
            self.kind = kind
            self.count = count
            self.text = text
        }
    }

    public enum Kind: String, Codable, Sendable, CaseIterable { case mutualFriends, sameGym, sameExercises }
}
