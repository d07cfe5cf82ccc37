import NIOCore
import Protocol
import Synchronization

/// The live connections of all signed-in users: counts them and reaches them to end them.
package final class SessionRegistry: Sendable {
    private struct Entry {
        let connection: SocketConnection
        let identity: LiveIdentity
        /// What the connection was told already.
        var notices: Set<NoticeID> = []
    }

    private let entries = Mutex<[UInt64: Entry]>([:])

    package init() {}

    /// - Returns: false when the user has `limit` connections already.
    func add(_ connection: SocketConnection, _ identity: LiveIdentity, limit: Int) -> Bool {
        entries.withLock { entries in
            guard entries.values.count(where: { $0.identity.user == identity.user }) < limit else { return false }
            entries[connection.id] = Entry(connection: connection, identity: identity)
            return true
        }
    }

    func remove(_ connection: SocketConnection) { entries.withLock { $0[connection.id] = nil } }

    /// Closes the connections of sessions that were ended.
    package func close(sessions: Set<SessionID>) {
        for entry in matching({ sessions.contains($0.session) }) {
            close(entry, .sessionRevoked, "the session was ended")
        }
    }

    /// Closes all connections of a user.
    package func close(user: UserID) {
        for entry in matching({ $0.user == user }) {
            close(entry, .sessionRevoked, "the account's sessions were ended")
        }
    }

    /// Sends a frame to every connection.
    func broadcast(_ frame: EncodedFrame) {
        for entry in matching({ _ in true }) {
            entry.connection.eventLoop.execute { entry.connection.send(frame) }
        }
    }

    /// Sends a frame to every connection of a user.
    package func send(_ frame: ServerFrame, to user: UserID) {
        let encoded = EncodedFrame.text(frame.json)
        for entry in matching({ $0.user == user }) {
            entry.connection.eventLoop.execute { entry.connection.send(encoded) }
        }
    }

    /// Sends notices to every connection of a user, or to one of them; each at most once a connection.
    package func tell(_ notices: [Notice], to user: UserID, only connection: SocketConnection? = nil) {
        let frames = notices.map { (id: $0.id, frame: EncodedFrame.text(ServerFrame.notice($0).json)) }
        entries.withLock { entries in
            for (key, entry) in entries where entry.identity.user == user && key == connection?.id ?? key {
                for (id, frame) in frames where entries[key]?.notices.insert(id).inserted ?? false {
                    entry.connection.eventLoop.execute { entry.connection.send(frame) }
                }
            }
        }
    }

    private func matching(_ condition: (LiveIdentity) -> Bool) -> [Entry] {
        entries.withLock { $0.values.filter { condition($0.identity) } }
    }

    private func close(_ entry: Entry, _ code: CloseCode, _ reason: String) {
        entry.connection.eventLoop.execute { entry.connection.close(code, reason: reason) }
    }
}
