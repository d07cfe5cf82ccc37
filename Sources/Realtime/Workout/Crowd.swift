import Protocol

/// Who watches a room, with a grace for those who come right back; a value.
struct Crowd: Sendable {
    private struct Watcher {
        let member: Member
        var connections = 1
        /// Set while no connection of the watcher is left.
        var leftAt: Timestamp?
    }

    private var watchers: [UserID: Watcher] = [:]
    /// As it was last told.
    private var told: Set<UserID> = []

    var count: Int { watchers.count }
    var members: [Member] { watchers.values.map(\.member).sorted { $0.userId < $1.userId } }

    /// A connection of a watcher is here.
    mutating func arrived(_ member: Member) {
        let others = watchers[member.userId]?.connections ?? 0
        watchers[member.userId] = Watcher(member: member, connections: others + 1)
    }

    /// A connection of a watcher is gone.
    ///
    /// - Returns: whether it was the watcher's last one.
    mutating func left(_ user: UserID, at now: Timestamp) -> Bool {
        guard var watcher = watchers[user], watcher.connections > 0 else { return false }
        watcher.connections -= 1
        if watcher.connections == 0 { watcher.leftAt = now }
        watchers[user] = watcher
        return watcher.connections == 0
    }

    /// In how long the next of those who left is gone for good; nil while nobody is on the way.
    func nextDeparture(at now: Timestamp, grace: Duration) -> Duration? {
        watchers.values.compactMap(\.leftAt).min().map { max(.zero, grace - (now - $0)) }
    }

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
