import Protocol

/// What a viewer is to an athlete.
package enum Relation: String, Sendable {
    case oneself, friend, stranger, blocked
}

extension HeartRateAudience {
    /// Whether a watcher of this relation gets it.
    package func includes(_ relation: Relation) -> Bool {
        switch self {
        case .nobody: relation == .oneself
        case .friends: relation == .oneself || relation == .friend
        case .public: relation != .blocked
        }
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

/// Where notices are kept that users have not seen yet.
package struct Notices: Sendable {
    /// The oldest first, at most so many.
    package var unseen: @Sendable (UserID, _ limit: Int) async throws -> [Notice]
    /// The user has seen these; others' stay as they are.
    package var markSeen: @Sendable (UserID, [NoticeID]) async throws -> Void

    package init(
        unseen: @escaping @Sendable (UserID, _ limit: Int) async throws -> [Notice],
        markSeen: @escaping @Sendable (UserID, [NoticeID]) async throws -> Void
    ) {
        self.unseen = unseen
        self.markSeen = markSeen
    }
}

/// What live asks of the features that own users, friendships, bodies and goals; composed by the app.
package struct People: Sendable {
    package var relation: @Sendable (_ viewer: UserID, _ athlete: UserID) async throws -> Relation
    package var friends: @Sendable (UserID) async throws -> [Member]
    /// Nil for an unknown or erased user.
    package var member: @Sendable (UserID) async throws -> Member?
    package var privacy: @Sendable (UserID) async throws -> Privacy
    /// Who may watch each of them; nobody those that are left out.
    package var preferences: @Sendable ([UserID]) async throws -> [UserID: Audience]
    /// Who may speak on a connection, with their privacy; nil for an account that is unknown, suspended or on its way out.
    package var speaker: @Sendable (UserID) async throws -> (member: Member, privacy: Privacy)?
    /// The latest measured; nil without one.
    package var bodyWeightGrams: @Sendable (UserID) async throws -> Int64?
    package var notices: Notices

    package init(
        relation: @escaping @Sendable (_ viewer: UserID, _ athlete: UserID) async throws -> Relation,
        friends: @escaping @Sendable (UserID) async throws -> [Member],
        member: @escaping @Sendable (UserID) async throws -> Member?,
        privacy: @escaping @Sendable (UserID) async throws -> Privacy,
        preferences: @escaping @Sendable ([UserID]) async throws -> [UserID: Audience],
        speaker: @escaping @Sendable (UserID) async throws -> (member: Member, privacy: Privacy)?,
        bodyWeightGrams: @escaping @Sendable (UserID) async throws -> Int64?,
        notices: Notices
    ) {
        self.relation = relation
        self.friends = friends
        self.member = member
        self.privacy = privacy
        self.preferences = preferences
        self.speaker = speaker
        self.bodyWeightGrams = bodyWeightGrams
        self.notices = notices
    }
}
