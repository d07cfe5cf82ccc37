import Protocol

/// Who watches a room, with a grace for those who come right back; a value.
struct Crowd: Sendable {
    private struct Watcher {
        let member: Member
        /// Set while no connection of the watcher is left.
        var leftAt: Timestamp?
    }

    private var watchers: [UserID: Watcher] = [:]
    /// As it was last told.
    private var told: Set<UserID> = []

    var count: Int { watchers.count }
    var members: [Member] { watchers.values.map(\.member).sorted { $0.userId < $1.userId } }

    mutating func arrived(_ member: Member) { watchers[member.userId] = Watcher(member: member) }

    mutating func left(_ user: UserID, at now: Timestamp) { watchers[user]?.leftAt = now }

    /// Gone at once, without grace.
    mutating func expelled(_ user: UserID) { watchers[user] = nil }

    /// What changed since the last call; watchers whose grace is over are gone.
    ///
    /// - Returns: nil when nothing changed.
    mutating func changes(at now: Timestamp, grace: Duration) -> (joined: [Member], left: [UserID])? {
        watchers = watchers.filter { _, watcher in watcher.leftAt.map { now - $0 < grace } ?? true }
        let present = Set(watchers.keys)
        let joined = present.subtracting(told).sorted().compactMap { watchers[$0]?.member }
        let left = told.subtracting(present).sorted()
        told = present
        return joined.isEmpty && left.isEmpty ? nil : (joined, left)
    }
}
