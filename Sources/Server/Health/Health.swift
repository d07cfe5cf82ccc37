/// What a load balancer and an operator may know of this process.
package struct Health: Sendable {
    /// Bytes that wait for Postgres, and how many may.
    package struct QueueLevel: Sendable, Codable {
        package var bytes: Int
        package var limitBytes: Int

        package init(bytes: Int, limitBytes: Int) {
            self.bytes = bytes
            self.limitBytes = limitBytes
        }
    }

    package enum Status: String, Sendable, Codable { case ok, degraded, starting, draining, overloaded }

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
        case .starting: return .starting
        case .draining: return .draining
        case .serving: break
        }
        let level = queue()
        if level.bytes >= level.limitBytes { return .overloaded }
        return databaseIsReachable() ? .ok : .degraded
    }
}

extension Health.Status {
    /// Whether new work should be sent here: 200 when true, else 503.
    package var takesWork: Bool { self == .ok || self == .degraded }
}
