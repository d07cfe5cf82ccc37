import Protocol

/// Which waiting job runs first.
package enum JobPriority: Int16, Sendable, CaseIterable, SQLBindable, ColumnDecodable {
    /// Somebody waits for it: mails with links.
    case high = 0
    case normal = 1
    /// Exports, clean-ups.
    case low = 2
}

/// How a job is run.
package struct JobOptions: Sendable {
    package var priority: JobPriority
    /// Not before; nil is now.
    package var runAt: Timestamp?
    /// Jobs of one kind with one key are one job as long as it waits or runs; 1…300 characters.
    package var key: String?
    /// After so many failures it becomes a dead letter; 1…100.
    package var mostAttempts: Int

    package init(
        priority: JobPriority = .normal, runAt: Timestamp? = nil, key: String? = nil, mostAttempts: Int = 12
    ) {
        self.priority = priority
        self.runAt = runAt
        self.key = key
        self.mostAttempts = mostAttempts
    }
}
