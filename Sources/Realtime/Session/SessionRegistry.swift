import NIOCore
import Protocol
import Synchronization

/// The live connections of all signed-in users, found by user and by session: counts them and reaches them to end them.
package final class SessionRegistry: Sendable {
    fileprivate struct Entry {
        let connection: SocketConnection
        let session: SessionID
        let lastHeard: LastHeard
        /// What the connection was told already.
        var notices: Set<NoticeID> = []
    }

    fileprivate struct State {
        var users: [UserID: [UInt64: Entry]] = [:]
        /// Whose a session is, while it has connections.
        var owners: [SessionID: (user: UserID, connections: Set<UInt64>)] = [:]
    }

    /// When a client that was sent away for another of the same user may try again.
    private static let comeBackAfter = Duration.seconds(30)

    private let state = Mutex(State())

    package init() {}

    /// Adds a connection; beyond `limit` connections of the user, the one that was silent for longest goes, and is asked to
    /// come back later.
    func add(_ connection: SocketConnection, _ identity: LiveIdentity, heard lastHeard: LastHeard, limit: Int) {
        let excess = state.withLock { state in
            let others = state.users[identity.user] ?? [:]
            let silent = others.values.sorted { $0.lastHeard.time < $1.lastHeard.time }
                .prefix(max(0, others.count + 1 - max(1, limit)))
            for entry in silent { state.remove(entry.connection.id, of: identity.user) }
            state.users[identity.user, default: [:]][connection.id] = Entry(
                connection: connection, session: identity.session, lastHeard: lastHeard)
            state.owners[identity.session, default: (identity.user, [])].connections.insert(connection.id)
            return Array(silent)
        }
        let hint = ServerFrame.goodbye(retryAfterMilliseconds: Self.comeBackAfter.wholeMilliseconds)
        let goodbye = EncodedFrame.text(hint.json)
        for entry in excess {
            entry.connection.eventLoop.execute {
                entry.connection.send(goodbye)
                entry.connection.close(.tooManyConnections, reason: "another connection of yours took this one's place")
            }
        }
    }

    func remove(_ connection: SocketConnection, of user: UserID) {
        state.withLock { $0.remove(connection.id, of: user) }
    }

    /// Closes the connections of sessions that were ended.
    package func close(sessions: Set<SessionID>) {
        let entries = state.withLock { state in
            sessions.flatMap { session -> [Entry] in
                guard let (user, connections) = state.owners[session] else { return [] }
                return connections.compactMap { state.users[user]?[$0] }
            }
        }
        for entry in entries { close(entry, "the session was ended") }
    }

    /// Closes all connections of a user.
    package func close(user: UserID) {
        for entry in entries(of: user) { close(entry, "the account's sessions were ended") }
    }

    /// Sends a frame to every connection.
    func broadcast(_ frame: EncodedFrame) {
        let everyone = state.withLock { state in state.users.values.flatMap { $0.values.map(\.connection) } }
        for connection in everyone { connection.eventLoop.execute { connection.send(frame) } }
    }

    /// Sends a frame to every connection of a user.
    package func send(_ frame: ServerFrame, to user: UserID) {
        let encoded = EncodedFrame.text(frame.json)
        for entry in entries(of: user) {
            entry.connection.eventLoop.execute { entry.connection.send(encoded) }
        }
    }

    /// Sends notices to every connection of a user, or to one of them; each at most once a connection.
    package func tell(_ notices: [Notice], to user: UserID, only connection: SocketConnection? = nil) {
        let frames = notices.map { (id: $0.id, frame: EncodedFrame.text(ServerFrame.notice($0).json)) }
        state.withLock { state in
            for key in (state.users[user] ?? [:]).keys where key == connection?.id ?? key {
                for (id, frame) in frames {
                    guard state.users[user]?[key]?.notices.insert(id).inserted ?? false,
                        let connection = state.users[user]?[key]?.connection
                    else { continue }
                    connection.eventLoop.execute { connection.send(frame) }
                }
            }
        }
    }

    private func entries(of user: UserID) -> [Entry] {
        state.withLock { state in Array((state.users[user] ?? [:]).values) }
    }

    private func close(_ entry: Entry, _ reason: String) {
        entry.connection.eventLoop.execute { entry.connection.close(.sessionRevoked, reason: reason) }
    }
}

extension SessionRegistry.State {
    fileprivate mutating func remove(_ connection: UInt64, of user: UserID) {
        guard let entry = users[user]?.removeValue(forKey: connection) else { return }
        if users[user]?.isEmpty ?? false { users[user] = nil }
        owners[entry.session]?.connections.remove(connection)
        if owners[entry.session]?.connections.isEmpty ?? false { owners[entry.session] = nil }
    }
}
