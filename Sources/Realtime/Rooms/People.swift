import Protocol

/// What a viewer is to an athlete.
package enum Relation: String, Sendable {
    case oneself, friend, stranger, blocked
}

/// Who gets an athlete's heart rate while it is measured; the consent is off by default.
package enum HeartRateAudience: String, Sendable, CaseIterable, Codable {
    case nobody, friends, `public`

    /// Whether a watcher of this relation gets it.
    package func includes(_ relation: Relation) -> Bool {
        switch self {
        case .nobody: relation == .oneself
        case .friends: relation == .oneself || relation == .friend
        case .public: relation != .blocked
        }
    }
}

/// The part of an athlete's preferences that live rooms keep.
package struct LivePrivacy: Sendable, Hashable {
    package var audience: Audience
    package var heartRate: HeartRateAudience

    package init(audience: Audience = .friends, heartRate: HeartRateAudience = .nobody) {
        self.audience = audience
        self.heartRate = heartRate
    }
}

extension Audience {
    /// Whether a viewer of this relation is within the audience.
    package func includes(_ relation: Relation) -> Bool {
        switch relation {
        case .oneself: true
        case .friend: self != .private
        case .stranger: self == .public
        case .blocked: false
        }
    }
}

/// What live asks of the features that own users and friendships; composed by the app.
package struct People: Sendable {
    package var relation: @Sendable (_ viewer: UserID, _ athlete: UserID) async throws -> Relation
    package var friends: @Sendable (UserID) async throws -> [Member]
    /// Nil for an unknown or erased user.
    package var member: @Sendable (UserID) async throws -> Member?
    package var livePrivacy: @Sendable (UserID) async throws -> LivePrivacy

    package init(
        relation: @escaping @Sendable (_ viewer: UserID, _ athlete: UserID) async throws -> Relation,
        friends: @escaping @Sendable (UserID) async throws -> [Member],
        member: @escaping @Sendable (UserID) async throws -> Member?,
        livePrivacy: @escaping @Sendable (UserID) async throws -> LivePrivacy
    ) {
        self.relation = relation
        self.friends = friends
        self.member = member
        self.livePrivacy = livePrivacy
    }
}
