import Logging
import Metrics
import Protocol
import ServiceLifecycle
import Synchronization

/// Where the items of a `WriteBehind` go.
package protocol WriteBehindTarget: Sendable {
    associatedtype Item: Sendable
    /// What an item belongs to; nothing of a history is written behind an item of it that could not be.
    associatedtype History: Hashable & Sendable

    func history(of item: Item) -> History
    /// Commits the items in one transaction, in order, but for those of histories that cannot go on.
    ///
    /// - Returns: those histories; of each other one all items are committed.
    func commit(_ batch: [Item]) async throws(StoreError) -> Set<History>
    /// Called after `commit` had success, in commit order, with what was committed.
    func committed(_ batch: [Item])
    /// A history was stopped at this item: nothing of it is written until `WriteBehind.replace` was called. Must not wait.
    ///
    /// - Parameter error: why storage refuses the item by itself; nil when the history cannot go on.
    func stopped(at item: Item, refusal error: StoreError?)
    /// Ends what `commit` waits for. A COMMIT that was sent goes on, and its outcome stays unknown.
    func abandon()
}

/// Writes items behind the caller's back: appended at once within a bound, committed in groups.
///
/// A batch leaves when the previous one has committed, without a timer. When storage is away the batch is tried again with
/// back-off and the queue holds; when storage refuses a batch, the refused item is found by halving. Its history is stopped:
/// what it has in the queue keeps its place and its bytes, and all other histories are written on.
package final class WriteBehind<Target: WriteBehindTarget>: Service, Sendable {
    package typealias Item = Target.Item
    package typealias History = Target.History
    private typealias Queue = WriteBehindQueue<Item, History>

    private struct State {
        var queue: Queue
        /// Set when a drain has waited long enough: nothing is tried again.
        var isAbandoned = false
        /// The flusher, while it waits for items.
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let target: Target
    private let batchLimit: Int
    private let logger: Logger
    private let bytesGauge = Gauge(label: "fitai_queue_bytes")
    private let batchSizes = Recorder(label: "fitai_write_batch_items")
    private let commitTimer = Metrics.Timer(label: "fitai_write_commit_seconds")
    private let retries = Counter(label: "fitai_write_retries_total")

    /// - Parameters:
    ///   - limitBytes: bound of what may wait, 1 KiB or more.
    ///   - batchLimit: items of one transaction, 1 or more.
    package init(target: Target, limitBytes: Int, batchLimit: Int = 4096, logger: Logger) {
        state = Mutex(State(queue: Queue(limitBytes: limitBytes)))
        self.target = target
        self.batchLimit = batchLimit
        self.logger = logger
    }

    /// Sets bytes aside for an item, before the caller changes anything; false when the bound leaves no room.
    package func reserve(_ bytes: Int) -> Bool { state.withLock { $0.queue.reserve(bytes) } }

    /// Gives back what `reserve` set aside.
    package func release(_ bytes: Int) { state.withLock { $0.queue.release(bytes) } }

    /// Takes an item for writing, within bytes set aside by `reserve`.
    package func append(_ item: Item, bytes: Int, reserved: Int) {
        let history = target.history(of: item)
        wakeFlusher { $0.queue.append(item, of: history, bytes: bytes, reserved: reserved, at: .now) }
    }

    /// Puts items in the place of all that a history has here: they need no room of their own.
    package func replace(_ history: History, with items: [(item: Item, bytes: Int)]) {
        // Before the others go, so that a drain always finds one of the two.
        for (item, bytes) in items { append(item, bytes: bytes, reserved: 0) }
        state.withLock { $0.queue.drop(history) }
    }

    /// Bytes of what is not durable yet.
    package var pendingBytes: Int { state.withLock { $0.queue.bytes } }

    /// Items that are not durable yet.
    package var pendingCount: Int { state.withLock { $0.queue.count } }

    /// What is not durable yet, in order; of a batch under way nobody knows whether it is.
    package var pending: [Item] { state.withLock { $0.queue.items } }

    /// For how long the oldest item has waited to become durable; nil when none does.
    package var oldestAge: Duration? {
        state.withLock { $0.queue.oldest }.map { $0.duration(to: .now) }
    }

    /// Whether it takes no more items, since a drain has begun.
    package var isFinished: Bool { state.withLock { $0.queue.isFinished } }

    /// Whether less than a tenth of the bound is left.
    package var isNearlyFull: Bool { state.withLock { $0.queue.bytes > $0.queue.limitBytes / 10 * 9 } }

    /// Flushes until it is cancelled or abandoned, or until all is settled after `finish`.
    package func run() async throws {
        while await waitForItems() {
            let batch = state.withLock { $0.queue.take(batchLimit) }
            // What is not written goes back, so that a drain can keep it safe.
            if await !write(batch) { state.withLock { $0.queue.giveBack() } }
            bytesGauge.record(pendingBytes)
        }
    }

    /// Takes no more items; what it has goes on being written.
    package func finish() {
        wakeFlusher { $0.queue.finish() }
    }

    /// Waits until all items are settled.
    ///
    /// - Parameter limit: asked again and again, since it may be brought forward.
    /// - Returns: false when the limit passed first.
    package func waitUntilSettled(until limit: @Sendable () -> ContinuousClock.Instant) async -> Bool {
        while pendingCount > 0 {
            guard ContinuousClock.now < limit() else { return false }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return pendingCount == 0 }
        }
        return true
    }

    /// Tries nothing again, and stops what is tried now; what is pending stays so.
    package func abandon() {
        wakeFlusher { $0.isAbandoned = true }
        target.abandon()
    }

    private func wakeFlusher(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// - Returns: false when nothing more will come.
    private func waitForItems() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.queue.isIdle, !state.queue.isFinished, !state.isAbandoned, !Task.isCancelled {
                        state.waiter = continuation
                        return false
                    }
                    return true
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            wakeFlusher { _ in }
        }
        return state.withLock { !$0.queue.isIdle && !$0.isAbandoned } && !Task.isCancelled
    }

    private enum Outcome {
        case settled
        /// Storage refuses something of it.
        case refused(StoreError)
        /// It is given up for now.
        case abandoned
    }

    /// Writes a batch, by halves where storage refuses the whole; a half comes only after all before it is settled.
    ///
    /// - Returns: false when it was given up before all was settled.
    private func write(_ batch: [Queue.Entry]) async -> Bool {
        // What is still to be written, the next part last.
        var parts = [batch]
        while let part = parts.popLast() {
            let entries = state.withLock { $0.queue.sift(part) }
            guard !entries.isEmpty else { continue }
            switch await commit(entries) {
            case .settled: continue
            case .abandoned: return false
            case .refused(let error) where entries.count == 1: stop(entries, refusal: error)
            case .refused:
                let middle = entries.count / 2
                parts += [Array(entries[middle...]), Array(entries[..<middle])]
            }
        }
        return true
    }

    private func commit(_ entries: [Queue.Entry]) async -> Outcome {
        var backOff = BackOff()
        while !isAbandoned {
            let started = ContinuousClock.now
            do {
                let fenced = try await target.commit(entries.map(\.item))
                commitTimer.record(duration: started.duration(to: .now))
                let written = entries.filter { !fenced.contains($0.history) }
                batchSizes.record(written.count)
                state.withLock { $0.queue.settle(written) }
                target.committed(written.map(\.item))
                for history in fenced { stop(entries.filter { $0.history == history }, refusal: nil) }
                return .settled
            } catch  where error.isWorthRetrying {
                retries.increment()
                logger.warning("write-behind waits for storage", metadata: ["error": "\(error)"])
                guard !isAbandoned, await sleep(backOff.next()) else { return .abandoned }
            } catch {
                return .refused(error)
            }
        }
        return .abandoned
    }

    private var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// - Returns: false when the task was cancelled.
    private func sleep(_ duration: Duration) async -> Bool {
        do { try await Task.sleep(for: duration) } catch { return false }
        return true
    }

    /// Stops the history of these entries, which could not be written.
    private func stop(_ entries: [Queue.Entry], refusal error: StoreError?) {
        guard let first = entries.first else { return }
        if state.withLock({ $0.queue.stop(first.history, entries) }) { target.stopped(at: first.item, refusal: error) }
    }
}

extension StoreError {
    /// Whether the values of the statement are to blame, so that the same ones will be refused again.
    ///
    /// Blamed: classes 21 (cardinality), 22 (data), 23 (constraints) and 54 (beyond a limit of Postgres). Everything else is
    /// an outage and none of their fault: a table that is locked, missing or closed to us (42, 55), a broken page or index
    /// (XX, 58), a full disk or memory (53), a server that only reads or goes away (25, 57, 08).
    package var blamesValues: Bool {
        switch self {
        case .unique, .foreignKey, .check, .notNull, .invalidValue: true
        case .server(let sqlstate, _): ["21", "22", "23", "54"].contains(sqlstate.prefix(2))
        case .unavailable, .serialization, .commitUnknown, .cancelled, .deadline, .decoding: false
        }
    }

    /// Whether the same statements may succeed when the outage is over.
    package var isWorthRetrying: Bool { !blamesValues }
}

/// Growing pauses between tries: doubled from 10 ms up to 1 s (or another limit), with jitter.
package struct BackOff {
    private var milliseconds: Int64 = 10
    private let limitMilliseconds: Int64

    package init(limitMilliseconds: Int64 = 1000) { self.limitMilliseconds = limitMilliseconds }

    package mutating func next() -> Duration {
        defer { milliseconds = min(limitMilliseconds, milliseconds * 2) }
        return .milliseconds(Int64.random(in: milliseconds / 2...milliseconds))
    }
}
