import Synchronization

/// When a drain has to be over: known once it has begun, and brought forward by whoever is in a hurry.
package final class DrainDeadline: Sendable {
    /// What is left to whom is in a hurry.
    private static let haste: Duration = .seconds(1)

    private let limit: Duration
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter limit: how long the whole drain may take.
    package init(within limit: Duration) { self.limit = limit }

    /// Begins the drain, unless it has begun.
    package func begin() {
        end.withLock { $0 = $0 ?? .now + limit }
    }

    /// Ends the drain within a second: nothing that is away is waited for.
    package func hurry() {
        end.withLock { $0 = min($0 ?? .now + limit, .now + Self.haste) }
    }

    /// Whether the drain has begun.
    package var hasBegun: Bool { end.withLock { $0 != nil } }

    /// When the process is over.
    package var over: ContinuousClock.Instant { end.withLock { $0 } ?? .now + limit }

    /// Until when Postgres is waited for; what is not durable by then goes to disk. The rest is for that, and for sending
    /// the clients away: a third of a short drain, three seconds of a longer one.
    package var storage: ContinuousClock.Instant { over - min(limit / 3, .seconds(3)) }

    /// When nothing may be waited for any more but the end.
    package var last: ContinuousClock.Instant { over - min(limit / 10, .milliseconds(500)) }

    /// What is left until `last`.
    package var left: Duration { max(.zero, ContinuousClock.now.duration(to: last)) }
}
