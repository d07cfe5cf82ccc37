import Protocol

/// What REST tells the live side after a commit, and asks of it.
package struct LiveHooks: Sendable {
    /// What a friend may know of a user at this moment.
    package struct Status: Sendable {
        package let isOnline: Bool
        package let live: WorkoutID?

        package init(isOnline: Bool, live: WorkoutID?) {
            self.isOnline = isOnline
            self.live = live
        }
    }

    /// Two users became friends, parted, or one blocked the other.
    package var relationChanged: @Sendable (UserID, UserID) async -> Void
    /// An athlete changed who may watch or who gets the heart rate.
    package var livePreferenceChanged: @Sendable (UserID) async -> Void
    package var status: @Sendable (UserID) -> Status

    package init(
        relationChanged: @escaping @Sendable (UserID, UserID) async -> Void = { _, _ in },
        livePreferenceChanged: @escaping @Sendable (UserID) async -> Void = { _ in },
        status: @escaping @Sendable (UserID) -> Status = { _ in Status(isOnline: false, live: nil) }
    ) {
        self.relationChanged = relationChanged
        self.livePreferenceChanged = livePreferenceChanged
        self.status = status
    }
}
