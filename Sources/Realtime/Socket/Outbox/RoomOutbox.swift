import Synchronization

/// The fan-out of one room to one audience: frames encoded once, queued once for each event loop, written there to
/// that loop's watchers.
///
/// Calls take effect in the order in which they are made, on every loop: a watcher added between two frames gets the
/// second and not the first. The room makes them from its own isolation; nothing blocks or waits.
package final class RoomOutbox: Sendable {
    private struct Members {
        var shards: [OutboxShard] = []
        var ids: Set<UInt64> = []
    }

    private let members = Mutex(Members())

    package init() {}

    /// Watchers that were added and not yet removed.
    package var count: Int { members.withLock { $0.ids.count } }

    /// Sends `frame` to all present watchers.
    /// - Parameter latestKey: frames of the same key replace each other while they wait, here and for each watcher.
    package func offer(_ frame: EncodedFrame, latestKey: UInt64? = nil) {
        members.withLock { members in
            guard !members.ids.isEmpty else { return }
            for shard in members.shards { shard.offer(frame, latestKey: latestKey) }
        }
    }

    /// Sends `first`, the answer to its subscription, to `connection`, and every frame offered from now on.
    /// Does nothing for a connection that is present.
    package func add(_ connection: SocketConnection, first: [EncodedFrame] = []) {
        members.withLock { members in
            guard members.ids.insert(connection.id).inserted else { return }
            let loop = connection.loop
            if let shard = members.shards.first(where: { $0.loop === loop }) {
                shard.add(connection, first: first)
            } else {
                let shard = OutboxShard(loop: loop)
                members.shards.append(shard)
                shard.add(connection, first: first)
            }
        }
    }

    /// Sends nothing offered from now on to `connection`. A connection that closes stops by itself, but is counted
    /// until it is removed.
    package func remove(_ connection: SocketConnection) {
        members.withLock { members in
            guard members.ids.remove(connection.id) != nil else { return }
            members.shards.first { $0.loop === connection.loop }?.remove(connection)
        }
    }
}
