import Protocol

/// What a friend may know of a user.
package struct FriendStatus: Sendable, Hashable {
    package let isOnline: Bool
    /// The newest running workout that the friend may watch.
    package let live: WorkoutID?

    /// Of somebody who is away, or lets nobody watch.
    package static let hidden = FriendStatus(isOnline: false, live: nil)

    package init(isOnline: Bool, live: WorkoutID?) {
        self.isOnline = isOnline
        self.live = live
    }
}

/// A running workout, as far as that decides which friends may know of it.
struct RunningWorkout: Sendable, Hashable {
    /// The athlete's narrowing of this workout; private when it is closed.
    let audience: Audience
    let removedWatchers: Set<UserID>

    func includes(_ friend: UserID) -> Bool { audience != .private && !removedWatchers.contains(friend) }
}

/// Who is online and whose workout runs, and what each friend may know of it; a value, without clock and sockets.
struct PresenceBook: Sendable {
    private struct Person: Sendable {
        /// Friends by id while the person is online.
        var friends: [UserID: Member] = [:]
        var connections: Set<UInt64> = []
        /// Somebody whose last connection went is online until the grace is over.
        var isLeaving = false
        /// Who may watch; nobody while it is not known.
        var preference = Audience.private
        var running: [WorkoutID: RunningWorkout] = [:]

        var isOnline: Bool { !connections.isEmpty || isLeaving }
    }

    /// A friend who has to hear of a change.
    struct News: Sendable, Hashable {
        let reader: UserID
        let presence: FriendPresence
    }

    private var people: [UserID: Person] = [:]
    /// Who of those online has a user among their friends; the reverse of `Person.friends`.
    private var followers: [UserID: Set<UserID>] = [:]

    /// What a friend may know of a user; the one place that decides it, for sockets and REST.
    func status(of user: UserID, for friend: UserID) -> FriendStatus {
        guard let person = people[user], person.preference != .private else { return .hidden }
        let live = person.running.filter { $0.value.includes(friend) }.keys.max()
        return FriendStatus(isOnline: person.isOnline, live: live)
    }

    /// The friends of somebody who is online; none of others.
    func friends(of user: UserID) -> [UserID: Member] { people[user]?.friends ?? [:] }

    func isOnline(_ user: UserID) -> Bool { people[user]?.isOnline ?? false }

    /// The ids of the workouts that run, as far as they are known here.
    var running: [UserID: Set<WorkoutID>] {
        people.filter { !$0.value.running.isEmpty }.mapValues { Set($0.running.keys) }
    }

    /// A connection is up.
    ///
    /// - Returns: what friends hear, and what the connection itself has to hear of its friends.
    mutating func arrived(
        _ member: Member, friends: [Member], preference: Audience, on connection: UInt64
    ) -> (news: [News], own: [FriendPresence]) {
        let user = member.userId
        var news = change(user) { person in
            person.connections.insert(connection)
            person.isLeaving = false
            person.preference = preference
        }
        let now = Set(friends.map(\.userId))
        for former in self.friends(of: user).values where !now.contains(former.userId) {
            news += relate(member, former, areFriends: false)
        }
        for friend in friends { news += relate(member, friend, areFriends: true) }
        let own = friends.compactMap { friend -> FriendPresence? in
            let status = status(of: friend.userId, for: user)
            return status == .hidden ? nil : FriendPresence(friend, status)
        }
        // The connection hears of its friends by itself; others of the user's heard what was new to them.
        return (news, own)
    }

    /// A connection is gone.
    ///
    /// - Returns: whether it was the user's last one, so that they leave unless another comes.
    mutating func left(_ user: UserID, on connection: UInt64) -> Bool {
        guard people[user]?.connections.remove(connection) != nil else { return false }
        guard people[user]?.connections.isEmpty ?? false else { return false }
        people[user]?.isLeaving = true
        return true
    }

    /// The grace of somebody who left is over; nothing happens to who came back.
    mutating func leave(_ user: UserID) -> [News] {
        guard let person = people[user], person.isLeaving, person.connections.isEmpty else { return [] }
        for friend in person.friends.keys { unfollow(friend, by: user) }
        return change(user) { person in
            person.isLeaving = false
            person.friends = [:]
        }
    }

    /// Two users are friends now, or not any more.
    mutating func relate(_ first: Member, _ second: Member, areFriends: Bool) -> [News] {
        follow(first.userId, second, areFriends) + follow(second.userId, first, areFriends)
    }

    /// Nobody sees the user any more, and they see nobody.
    mutating func hide(_ member: Member) -> [News] {
        let user = member.userId
        var news = change(user) { $0.preference = .private }
        for friend in (followers[user] ?? []).union(friends(of: user).keys) {
            news += relate(member, Member(userId: friend, name: ""), areFriends: false)
        }
        return news
    }

    /// What an athlete prefers: who may watch.
    mutating func setPreference(_ preference: Audience, of user: UserID) -> [News] {
        guard people[user] != nil else { return [] }
        return change(user) { $0.preference = preference }
    }

    /// A workout runs, or does not any more (nil).
    ///
    /// - Parameter preference: who may watch the athlete; nil leaves what is known.
    mutating func setRunning(
        _ workout: WorkoutID, of user: UserID, _ running: RunningWorkout?, preference: Audience?
    ) -> [News] {
        guard people[user] != nil || running != nil else { return [] }
        return change(user) { person in
            person.running[workout] = running
            person.preference = preference ?? person.preference
        }
    }

    private mutating func follow(_ user: UserID, _ friend: Member, _ areFriends: Bool) -> [News] {
        guard isOnline(user) else { return [] }
        let knew = people[user]?.friends[friend.userId]
        if areFriends {
            people[user]?.friends[friend.userId] = friend
            followers[friend.userId, default: []].insert(user)
        } else {
            people[user]?.friends[friend.userId] = nil
            unfollow(friend.userId, by: user)
        }
        let status = status(of: friend.userId, for: user)
        guard (knew != nil) != areFriends, status != .hidden else { return [] }
        let shown = areFriends ? FriendPresence(friend, status) : FriendPresence(knew ?? friend, .hidden)
        return [News(reader: user, presence: shown)]
    }

    private mutating func unfollow(_ friend: UserID, by user: UserID) {
        followers[friend]?.remove(user)
        if followers[friend]?.isEmpty ?? false { followers[friend] = nil }
    }

    /// Changes what is known of a user.
    ///
    /// - Returns: what their friends have to hear: those for whom it differs.
    private mutating func change(_ user: UserID, _ body: (inout Person) -> Void) -> [News] {
        let readers = followers[user] ?? []
        let before = readers.map { ($0, status(of: user, for: $0)) }
        var person = people[user] ?? Person()
        body(&person)
        people[user] = person.isOnline || !person.running.isEmpty ? person : nil
        return before.compactMap { reader, before in
            let now = status(of: user, for: reader)
            guard now != before, let member = people[reader]?.friends[user] else { return nil }
            return News(reader: reader, presence: FriendPresence(member, now))
        }
    }
}

extension FriendPresence {
    init(_ user: Member, _ status: FriendStatus) {
        self.init(user: user, isOnline: status.isOnline, live: status.live)
    }
}
