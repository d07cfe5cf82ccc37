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

    package enum Status: String, Sendable, Codable, CaseIterable {
        case ok, degraded, starting, draining, overloaded

        /// Whether new work should be sent here: 200 when true, else 503.
        var takesWork: Bool { self == .ok || self == .degraded }
    }

    let readiness: Readiness
    let databaseIsReachable: @Sendable () -> Bool
    let queue: @Sendable () -> QueueLevel

    package init(
        readiness: Readiness, databaseIsReachable: @escaping @Sendable () -> Bool,
        queue: @escaping @Sendable () -> QueueLevel
    ) {
        self.readiness = readiness
        self.databaseIsReachable = databaseIsReachable
        self.queue = queue
    }

    /// `degraded` while live goes on without Postgres; `overloaded` when the queue takes no more.
    package var status: Status {
        switch readiness.phase {
        case .starting: .starting
        case .draining: .draining
        case .serving where queue().isFull: .overloaded
        case .serving: databaseIsReachable() ? .ok : .degraded
        }
    }
}
