/// Holds up those who come to it, until a test lets them through.
package actor Gate {
    private var isClosed = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watchers: [CheckedContinuation<Void, Never>] = []

    package init() {}

    package func close() { isClosed = true }

    /// How many it holds up.
    package var count: Int { waiting.count }

    /// Lets everyone through, from now on too.
    package func open() {
        isClosed = false
        for waiter in waiting { waiter.resume() }
        waiting = []
    }

    package func pass() async {
        guard isClosed else { return }
        for watcher in watchers { watcher.resume() }
        watchers = []
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Returns when somebody stands at the gate.
    package func arrival() async {
        guard waiting.isEmpty else { return }
        await withCheckedContinuation { watchers.append($0) }
    }
}

/// Looks until `condition` holds; throws when it does not come true within `Watchdog.patience`.
package func eventually(_ condition: () async throws -> Bool) async throws {
    struct NeverHappened: Error {}
    let end = ContinuousClock.now + Watchdog.patience
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened() }
        await Task.yield()
    }
}
