import Protocol
import Realtime

/// What REST tells the live side after a commit, and asks of it.
package struct LiveHooks: Sendable {
    /// Two users became friends, parted, or one blocked the other.
    package var relationChanged: @Sendable (UserID, UserID) async -> Void
    /// An athlete changed who may watch or who gets the heart rate.
    package var livePreferenceChanged: @Sendable (UserID) async -> Void
    /// An exercise of the library (no owner) or a user's own was made or changed.
    package var exerciseChanged: @Sendable (ExerciseCatalog.Entry, UserID?) async -> Void
    /// A user's account is leaving or suspended: nobody sees them from now on.
    package var accountHidden: @Sendable (UserID) async -> Void
    /// A user's account is back.
    package var accountShown: @Sendable (UserID) async -> Void
    /// A user's account came to another person: its workouts are closed, and friends and preferences are others.
    package var accountTakenOver: @Sendable (UserID) async -> Void
    /// A user's account is leaving: what they have open ends, durably.
    package var completeOpenWorkouts: @Sendable (UserID) async throws -> Void
    /// An athlete's measurements of the body changed.
    package var bodyChanged: @Sendable (UserID) async -> Void
    /// Something that was recorded is to be told to a user's open connections.
    package var noticed: @Sendable (UserID, [Notice]) -> Void
    /// What a friend (the second) may know of a user at this moment.
    package var status: @Sendable (UserID, UserID) -> FriendStatus

    package init(
        relationChanged: @escaping @Sendable (UserID, UserID) async -> Void = { _, _ in },
        livePreferenceChanged: @escaping @Sendable (UserID) async -> Void = { _ in },
        exerciseChanged: @escaping @Sendable (ExerciseCatalog.Entry, UserID?) async -> Void = { _, _ in },
        accountHidden: @escaping @Sendable (UserID) async -> Void = { _ in },
        accountShown: @escaping @Sendable (UserID) async -> Void = { _ in },
        accountTakenOver: @escaping @Sendable (UserID) async -> Void = { _ in },
        completeOpenWorkouts: @escaping @Sendable (UserID) async throws -> Void = { _ in },
        bodyChanged: @escaping @Sendable (UserID) async -> Void = { _ in },
        noticed: @escaping @Sendable (UserID, [Notice]) -> Void = { _, _ in },
        status: @escaping @Sendable (UserID, UserID) -> FriendStatus = { _, _ in .hidden }
    ) {
        self.relationChanged = relationChanged
        self.livePreferenceChanged = livePreferenceChanged
        self.exerciseChanged = exerciseChanged
        self.accountHidden = accountHidden
        self.accountShown = accountShown
        self.accountTakenOver = accountTakenOver
        self.completeOpenWorkouts = completeOpenWorkouts
        self.bodyChanged = bodyChanged
        self.noticed = noticed
        self.status = status
    }
}

extension LiveHooks {
    /// The hooks of this process's live side.
    package init(_ node: LiveNode) {
        let (rooms, presences, registry) = (node.rooms, node.presences, node.live.registry)
        self.init(
            relationChanged: { await rooms.relationChanged($0, $1) },
            livePreferenceChanged: { await rooms.privacyChanged($0) },
            exerciseChanged: { await rooms.exerciseChanged($0, owner: $1) },
            accountHidden: { await rooms.athleteHidden($0) },
            accountShown: { await rooms.athleteShown($0) },
            accountTakenOver: { await rooms.athleteReplaced($0) },
            completeOpenWorkouts: { try await rooms.completeOpenWorkouts(of: $0) },
            bodyChanged: { await rooms.bodyChanged($0) },
            noticed: { registry.tell($1, to: $0) },
            status: { presences.status(of: $0, for: $1) })
    }
}
