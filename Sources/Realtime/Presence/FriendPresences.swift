import NIOCore
import Protocol
import Synchronization

/// Tells friends, on their connections, who is online and whose workout runs (the implicit room `user`).
package final class FriendPresences: Sendable {
    private struct State {
        var book = PresenceBook()
        var connections: [UserID: [UInt64: SocketConnection]] = [:]
        var departures = Departures()
        var isTimerSet = false
    }

    /// Who leaves within this time is told of together.
    private static let batch = TimeAmount.milliseconds(100)

    private let state = Mutex(State())
    private let grace: TimeAmount

    package init(grace: Duration = .seconds(10)) { self.grace = TimeAmount(grace) }

    /// What a friend may know of a user.
    package func status(of user: UserID, for friend: UserID) -> FriendStatus {
        state.withLock { $0.book.status(of: user, for: friend) }
    }

    func isOnline(_ user: UserID) -> Bool { state.withLock { $0.book.isOnline(user) } }

    /// The friends of somebody who is online: whose names they may know among the watchers of a room.
    func friends(of user: UserID) -> [UserID: Member] { state.withLock { $0.book.friends(of: user) } }

    /// The same of many at once.
    func friends(of users: Set<UserID>) -> [UserID: [UserID: Member]] {
        state.withLock { state in
            Dictionary(uniqueKeysWithValues: users.map { ($0, state.book.friends(of: $0)) })
        }
    }

    /// The workouts that run, as far as they are known here.
    var running: [UserID: Set<WorkoutID>] { state.withLock { $0.book.running } }

    /// A connection of a user is up: tells online friends if it is the first, and tells it about its friends.
    func arrived(_ member: Member, friends: [Member], preference: Audience, on connection: SocketConnection) {
        state.withLock { state in
            let (news, own) = state.book.arrived(member, friends: friends, preference: preference, on: connection.id)
            state.departures.cameBack(member.userId)
            Self.tell(news, state.connections)
            for presence in own { Self.send(presence, to: connection) }
            state.connections[member.userId, default: [:]][connection.id] = connection
        }
    }

    /// A connection of a user is gone; friends hear of it when none has come back within the grace.
    func left(_ user: UserID, on connection: SocketConnection) {
        let setsTimer = state.withLock { state in
            state.connections[user]?[connection.id] = nil
            if state.connections[user]?.isEmpty ?? false { state.connections[user] = nil }
            guard state.book.left(user, on: connection.id) else { return false }
            state.departures.left(user, until: .now() + grace)
            defer { state.isTimerSet = true }
            return !state.isTimerSet
        }
        if setsTimer { setTimer(on: connection.eventLoop, in: grace) }
    }

    /// One timer for all who leave.
    private func setTimer(on loop: any EventLoop, in delay: TimeAmount) {
        _ = loop.scheduleTask(in: delay) {
            let next = self.state.withLock { state in
                let now = NIODeadline.now()
                for user in state.departures.gone(at: now) { Self.tell(state.book.leave(user), state.connections) }
                let next = state.departures.next
                state.isTimerSet = next != nil
                return next.map { max(Self.batch, $0 - now) }
            }
            if let next { self.setTimer(on: loop, in: next) }
        }
    }

    /// An athlete's workout runs, or does not any more (nil).
    ///
    /// - Parameter preference: who may watch the athlete; nil leaves what is known.
    func setRunning(_ workout: WorkoutID, of athlete: UserID, _ running: RunningWorkout?, preference: Audience?) {
        change { $0.setRunning(workout, of: athlete, running, preference: preference) }
    }

    /// An athlete changed who may watch.
    func setPreference(_ preference: Audience, of athlete: UserID) {
        change { $0.setPreference(preference, of: athlete) }
    }

    /// Two users became friends, or are not any more.
    func relate(_ first: Member, _ second: Member, areFriends: Bool) {
        change { $0.relate(first, second, areFriends: areFriends) }
    }

    /// A user's account is gone from others' view.
    func hide(_ member: Member) { change { $0.hide(member) } }

    /// In the lock, so that what friends hear comes in the order of the changes.
    private func change(_ body: (inout PresenceBook) -> [PresenceBook.News]) {
        state.withLock { state in
            let news = body(&state.book)
            Self.tell(news, state.connections)
        }
    }

    private static func tell(_ news: [PresenceBook.News], _ connections: [UserID: [UInt64: SocketConnection]]) {
        for news in news {
            for connection in (connections[news.reader] ?? [:]).values { send(news.presence, to: connection) }
        }
    }

    private static func send(_ presence: FriendPresence, to connection: SocketConnection) {
        let frame = EncodedFrame.text(ServerFrame.friend(presence).json)
        let key = presence.user.userId.low
        connection.eventLoop.execute { connection.send(frame, as: .latest(key: key)) }
    }
}
