import Synchronization

/// The fan-out of one room to one audience: frames encoded once, queued once for each event loop, written there to
/// that loop's watchers.
///
/// Calls take effect in the order in which they are made, on every loop: a watcher added between two frames gets the
/// second and not the first, and an answer leaves between the frames that were offered before and after it. The room makes
/// them from its own isolation; nothing blocks or waits.
package final class RoomOutbox: Sendable {
    /// Whom of the watchers a frame is for.
    package enum Audience: Sendable {
        case everyone
        /// Those who follow the room; others only hear what is for everyone, and answers.
        case followers
    }

    private struct Members {
        var shards: [OutboxShard] = []
        var ids: Set<UInt64> = []
        var followers: Set<UInt64> = []

        func shard(of connection: SocketConnection) -> OutboxShard? {
            let loop = connection.loop
            return shards.first { $0.loop === loop }
        }
    }

    private let members = Mutex(Members())

    package init() {}

    /// Watchers that were added and not yet removed.
    package var count: Int { members.withLock { $0.ids.count } }

    /// Watchers that follow.
    package var followers: Int { members.withLock { $0.followers.count } }

    /// Sends `frame` to all present watchers, or to those who follow.
    /// - Parameter latestKey: frames of the same key replace each other while they wait, here and for each watcher.
    package func offer(_ frame: EncodedFrame, to audience: Audience = .everyone, latestKey: UInt64? = nil) {
        members.withLock { members in
            guard !(audience == .everyone ? members.ids : members.followers).isEmpty else { return }
            for shard in members.shards { shard.offer(frame, to: audience, latestKey: latestKey) }
        }
    }

    /// Sends a present connection the answer to something that it asked the room.
    /// - Returns: whether it is present.
    package func answer(_ frame: EncodedFrame, to connection: SocketConnection) -> Bool {
        members.withLock { members in
            guard members.ids.contains(connection.id) else { return false }
            members.shard(of: connection)?.answer(frame, to: connection)
            return true
        }
    }

    /// Sends `first`, the answer to its subscription, to `connection`, and every frame offered from now on.
    /// Does nothing for a connection that is present.
    /// - Parameter follows: false for one that is to get only what is for everyone.
    package func add(_ connection: SocketConnection, first: [EncodedFrame] = [], follows: Bool = true) {
        members.withLock { members in
            guard members.ids.insert(connection.id).inserted else { return }
            if follows { members.followers.insert(connection.id) }
            if let shard = members.shard(of: connection) {
                shard.add(connection, first: first, follows: follows)
            } else {
                let shard = OutboxShard(loop: connection.loop)
                members.shards.append(shard)
                shard.add(connection, first: first, follows: follows)
            }
        }
    }

    /// Sends `first` to a present connection, which follows from now on.
    package func follow(_ connection: SocketConnection, first: [EncodedFrame] = []) {
        members.withLock { members in
            guard members.ids.contains(connection.id), members.followers.insert(connection.id).inserted else { return }
            members.shard(of: connection)?.follow(connection, first: first)
        }
    }

    /// A connection that stays present follows no more.
    package func unfollow(_ connection: SocketConnection) {
        members.withLock { members in
            guard members.followers.remove(connection.id) != nil else { return }
            members.shard(of: connection)?.unfollow(connection)
        }
    }

    /// Sends nothing offered from now on to `connection`. A connection that closes stops by itself, but is counted
    /// until it is removed.
    package func remove(_ connection: SocketConnection) {
        members.withLock { members in
            guard members.ids.remove(connection.id) != nil else { return }
            members.followers.remove(connection.id)
            members.shard(of: connection)?.remove(connection)
        }
    }
}
