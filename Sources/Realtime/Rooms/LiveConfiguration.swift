import Protocol

/// The limits of live rooms and sessions.
package struct LiveConfiguration: Sendable {
    /// This node's name in `welcome`.
    package var node = "node"
    /// Rooms a connection may be subscribed to.
    package var subscriptionLimit = 128
    /// Ops a connection may send in the long run, and at once.
    package var opsPerSecond = 50
    package var opsBurst = 200
    package var connectionsPerUser = 10
    package var helloWithin: Duration = .seconds(10)
    /// How long a hello waits for storage before it is refused for the time being.
    package var greetingWithin: Duration = .seconds(5)
    /// How long an expired token is borne.
    package var tokenGrace: Duration = .seconds(30)
    /// A room nobody needs is unloaded after so long.
    package var unloadAfter: Duration = .seconds(600)
    /// When space is short, a connection that sends ops and does not subscribe keeps the room for so long after its last one.
    package var linkGrace: Duration = .seconds(1)
    /// An active workout without ops is completed after so long.
    package var completeAfter: Duration = .seconds(12 * 3600)
    /// Events kept in memory for resuming; undurable ones are kept beyond it.
    package var ringEvents = 1024
    /// Missing events beyond this are answered by a snapshot, unless events are asked for.
    package var resumeEvents: Int64 = 500
    /// A watcher who comes back within this was not away.
    package var presenceGrace: Duration = .seconds(10)
    /// Changes of who watches are gathered for so long.
    package var presenceInterval: Duration = .milliseconds(250)
    /// Heart-rate frames a connection may send in a second.
    package var heartPerSecond = 4
    /// Decisions about watchers that a connection may send in the long run, and at once.
    package var moderationsPerSecond = 5
    package var moderationsBurst = 30
    /// Cheers of one watcher, and of a room, in ten seconds.
    package var cheersPerWatcher = 10
    package var cheersPerRoom = 200

    /// Bound of what may wait to be stored, in bytes; beyond it ops are `busy`.
    package var queueBytes = 64 * 1024 * 1024
    /// Whether memory is so short that ops are `busy` and no rooms open.
    package var isShortOfMemory: @Sendable () -> Bool = { false }
    /// Bound of what rooms in memory occupy together, in bytes; beyond it those that nobody needs are unloaded, least
    /// recently used first, and when that is not enough no further ones are opened. One account's take a quarter of it at
    /// most before no further ones are opened for it.
    package var roomBytes = 256 * 1024 * 1024

    package init() {}
}

/// A token bucket; a value, its time is given.
struct TokenBucket: Sendable {
    let perSecond: Double
    let burst: Double
    private var tokens: Double
    private var filledAt: Timestamp?

    init(perSecond: Int, burst: Int) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        tokens = Double(burst)
    }

    /// Whether it holds all it can, like one that was never touched.
    func isFull(at now: Timestamp) -> Bool {
        guard let filledAt else { return true }
        let elapsed = Double(max(0, now.milliseconds - filledAt.milliseconds))
        return tokens + elapsed / 1000 * perSecond >= burst
    }

    /// Takes one token; otherwise answers in how many milliseconds there will be one.
    mutating func take(at now: Timestamp) -> Int64? {
        if let filledAt {
            let elapsed = Double(max(0, now.milliseconds - filledAt.milliseconds))
            tokens = min(burst, tokens + elapsed / 1000 * perSecond)
        }
        filledAt = now
        guard tokens >= 1 else { return Int64(((1 - tokens) / perSecond * 1000).rounded(.up)) }
        tokens -= 1
        return nil
    }
}
