import Synchronization

/// What all devices have lived through so far, and the wait for more of it; for one waiting task.
final class Course: Sendable {
    struct Tally: Sendable {
        /// Ops that were answered as applied, durable or refused.
        var answers = 0
        /// Connections that ended.
        var losses = 0
        /// Nothing breaks any more: the devices finish what they have.
        var isOver = false
    }

    private let state = Mutex(Tally())
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init() { (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    var tally: Tally { state.withLock { $0 } }

    func note(_ change: (inout Tally) -> Void) {
        state.withLock { change(&$0) }
        changed.yield()
    }

    /// Returns once the tally is as wanted; throws when the task is cancelled before.
    func wait(until isReached: (Tally) -> Bool) async throws {
        if isReached(tally) { return }
        for await _ in changes where isReached(tally) { return }
        throw CancellationError()
    }
}
