/// What a load balancer and an operator may know of this process.
package struct Health: Sendable {
    /// Bytes that wait for Postgres, and how many may.
    package struct QueueLevel: Sendable, Codable {
        package let bytes: Int
        package let limitBytes: Int

        package init(bytes: Int, limitBytes: Int) {
            self.bytes = bytes
            self.limitBytes = limitBytes
        }

        /// Less than a tenth is left: soon ops are refused.
        var isFull: Bool { bytes > limitBytes / 10 * 9 }
    }

    /// Bytes that workouts in memory occupy, and how many may.
    package struct RoomLevel: Sendable, Codable {
        package let bytes: Int
        package let limitBytes: Int
    }

    package enum Status: String, Sendable, Codable, CaseIterable {
        case ok, degraded, starting, draining, overloaded

        /// Whether new work should be sent here: 200 when true, else 503.
        var takesWork: Bool { self == .ok || self == .degraded }
    }

    let readiness: Readiness
    let databaseIsReachable: @Sendable () -> Bool
    /// Whether what is logged becomes durable.
    let isDurable: @Sendable () -> Bool
    let queue: @Sendable () -> QueueLevel
    let isShortOfMemory: @Sendable () -> Bool

    package init(
        readiness: Readiness, databaseIsReachable: @escaping @Sendable () -> Bool,
        isDurable: @escaping @Sendable () -> Bool,
        queue: @escaping @Sendable () -> QueueLevel, isShortOfMemory: @escaping @Sendable () -> Bool
    ) {
        self.readiness = readiness
        self.databaseIsReachable = databaseIsReachable
        self.isDurable = isDurable
        self.queue = queue
        self.isShortOfMemory = isShortOfMemory
    }

    /// `degraded` while live goes on without Postgres, or while nothing becomes durable there (a full disk, a locked table,
    /// a server that only reads); `overloaded` when queue or memory take no more.
    package var status: Status {
        switch readiness.phase {
        case .starting: .starting
        case .draining: .draining
        case .serving where queue().isFull || isShortOfMemory(): .overloaded
        case .serving: databaseIsReachable() && isDurable() ? .ok : .degraded
        }
    }
}
