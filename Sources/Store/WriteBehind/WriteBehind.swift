import Logging
import Metrics
import Protocol
import ServiceLifecycle
import Synchronization

/// Where the items of a `WriteBehind` go.
package protocol WriteBehindTarget: Sendable {
    associatedtype Item: Sendable

    associatedtype Receipt: Sendable

    /// Commits the items in one transaction, in order; all of them or none.
    func commit(_ batch: [Item]) async throws(StoreError) -> Receipt
    /// Called after `commit` had success, in commit order.
    func committed(_ batch: [Item], _ receipt: Receipt) async
    /// An item that storage refuses by itself; called before anything behind it is committed.
    ///
    /// - Returns: false when nothing could take it before `abandon` was called; it then counts as not written.
    func refused(_ item: Item, _ error: StoreError) async -> Bool
    /// Ends what `commit` and `refused` wait for. A COMMIT that was sent goes on, and its outcome stays unknown.
    func abandon()
}

/// Writes items behind the caller's back: appended at once within a bound, committed in groups.
///
/// A batch leaves when the previous one has committed, without a timer. When storage is away the batch is tried again with
/// back-off and the queue holds; when storage refuses a batch, the refused item is found by halving.
package final class WriteBehind<Target: WriteBehindTarget>: Service, Sendable {
    package typealias Item = Target.Item
    private typealias Batch = ArraySlice<WriteBehindQueue<Item>.Entry>

    private struct State {
        var queue: WriteBehindQueue<Item>
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
        state = Mutex(State(queue: WriteBehindQueue(limitBytes: limitBytes)))
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
        let waiter = state.withLock { state in
            state.queue.append(item, bytes: bytes, reserved: reserved, at: .now)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
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
            if await !write(batch[...]) { state.withLock { $0.queue.giveBack() } }
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

    /// - Returns: false when it was given up before all was settled.
    private func write(_ batch: Batch) async -> Bool {
        var backOff = BackOff()
        while !isAbandoned {
            let started = ContinuousClock.now
            let items = batch.map(\.item)
            do {
                let receipt = try await target.commit(items)
                commitTimer.record(duration: started.duration(to: .now))
                batchSizes.record(batch.count)
                settle(batch.count)
                await target.committed(items, receipt)
                return true
            } catch  where error.isWorthRetrying {
                retries.increment()
                logger.warning("write-behind waits for storage", metadata: ["error": "\(error)"])
                guard !isAbandoned, await sleep(backOff.next()) else { return false }
            } catch {
                return await refuse(batch, error)
            }
        }
        return false
    }

    private var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// - Returns: false when the task was cancelled.
    private func sleep(_ duration: Duration) async -> Bool {
        do { try await Task.sleep(for: duration) } catch { return false }
        return true
    }

    /// Finds the refused item by halving; a half comes only after all before it is settled.
    private func refuse(_ batch: Batch, _ error: StoreError) async -> Bool {
        guard batch.count == 1 else {
            let middle = batch.startIndex + batch.count / 2
            guard await write(batch[..<middle]) else { return false }
            return await write(batch[middle...])
        }
        guard await target.refused(batch.first!.item, error) else { return false }
        settle(1)
        return true
    }

    private func settle(_ count: Int) { state.withLock { $0.queue.settle(count) } }
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

/// Growing pauses between tries: doubled from 10 ms up to 1 s, with jitter.
package struct BackOff {
    private var milliseconds: Int64 = 10

    package init() {}

    package mutating func next() -> Duration {
        defer { milliseconds = min(1000, milliseconds * 2) }
        return .milliseconds(Int64.random(in: milliseconds / 2...milliseconds))
    }
}
