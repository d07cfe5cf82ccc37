import NIOCore
import Protocol
import Synchronization

/// Who is online and whose workout runs, told to friends on their connections (the implicit room `user`).
package final class FriendPresences: Sendable {
    private struct Online {
        let member: Member
        var friends: Set<UserID>
        var connections: [UInt64: SocketConnection]
    }

    private struct State {
        var online: [UserID: Online] = [:]
        /// Running workouts that friends may watch.
        var live: [UserID: Set<WorkoutID>] = [:]
    }

    private let state = Mutex(State())
    private let grace: Duration

    package init(grace: Duration = .seconds(10)) { self.grace = grace }

    /// What a friend may know of a user.
    package struct Status: Sendable {
        package let isOnline: Bool
        package let live: WorkoutID?
    }

    package func status(of user: UserID) -> Status {
        state.withLock { Status(isOnline: $0.online[user] != nil, live: $0.live[user]?.max()) }
    }

    /// A connection of a user is up: tells online friends if it is the first, and tells it about its friends.
    func arrived(_ member: Member, friends: [Member], on connection: SocketConnection) {
        state.withLock { state in
            let isFirst = state.online[member.userId] == nil
            var online =
                state.online[member.userId] ?? Online(member: member, friends: [], connections: [:])
            online.friends = Set(friends.map(\.userId))
            online.connections[connection.id] = connection
            state.online[member.userId] = online
            if isFirst { Self.tellFriends(of: member.userId, state) }
            for friend in friends where state.online[friend.userId] != nil || state.live[friend.userId] != nil {
                let presence = FriendPresence(
                    user: friend, isOnline: state.online[friend.userId] != nil, live: state.live[friend.userId]?.max())
                Self.send(presence, to: connection)
            }
        }
    }

    /// A connection of a user is gone; friends hear of it when none has come back within the grace.
    func left(_ user: UserID, on connection: SocketConnection) {
        let isLast = state.withLock { state in
            state.online[user]?.connections[connection.id] = nil
            return state.online[user]?.connections.isEmpty ?? false
        }
        guard isLast else { return }
        _ = connection.eventLoop.scheduleTask(in: TimeAmount(grace)) {
            self.state.withLock { state in
                guard let online = state.online[user], online.connections.isEmpty else { return }
                state.online[user] = nil
                let presence = FriendPresence(user: online.member, isOnline: false, live: state.live[user]?.max())
                Self.tell(presence, friends: online.friends, state)
            }
        }
    }

    /// A workout that friends may watch runs, or does not any more.
    func setLive(_ user: UserID, workout: WorkoutID, isLive: Bool) {
        state.withLock { state in
            let before = state.live[user]?.max()
            if isLive {
                state.live[user, default: []].insert(workout)
            } else {
                state.live[user]?.remove(workout)
                if state.live[user]?.isEmpty ?? false { state.live[user] = nil }
            }
            if state.live[user]?.max() != before { Self.tellFriends(of: user, state) }
        }
    }

    /// A user's friends changed.
    func setFriends(_ user: UserID, _ friends: [Member]) {
        state.withLock { state in
            guard let before = state.online[user]?.friends, let member = state.online[user]?.member else { return }
            let now = Set(friends.map(\.userId))
            state.online[user]?.friends = now
            for former in before.subtracting(now) {
                Self.tell(FriendPresence(user: member, isOnline: false, live: nil), friends: [former], state)
            }
            for friend in now.subtracting(before) {
                let presence = FriendPresence(user: member, isOnline: true, live: state.live[user]?.max())
                Self.tell(presence, friends: [friend], state)
            }
        }
    }

    private static func tellFriends(of user: UserID, _ state: borrowing State) {
        guard let online = state.online[user] else { return }
        let presence = FriendPresence(user: online.member, isOnline: true, live: state.live[user]?.max())
        tell(presence, friends: online.friends, state)
    }

    private static func tell(_ presence: FriendPresence, friends: Set<UserID>, _ state: borrowing State) {
        for friend in friends {
            for connection in (state.online[friend]?.connections ?? [:]).values { send(presence, to: connection) }
        }
    }

    private static func send(_ presence: FriendPresence, to connection: SocketConnection) {
        let frame = EncodedFrame.text(ServerFrame.friend(presence).json)
        let key = presence.user.userId.low
        connection.eventLoop.execute { connection.send(frame, as: .latest(key: key)) }
    }
}
