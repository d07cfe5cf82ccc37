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
    func refused(_ item: Item, _ error: StoreError) async
}

/// Writes items behind the caller's back: appended at once within a bound, committed in groups.
///
/// A batch leaves when the previous one has committed, without a timer. When storage is away the batch is tried again with
/// back-off and the queue holds; when storage refuses a batch, the refused item is found by halving.
package final class WriteBehind<Target: WriteBehindTarget>: Service, Sendable {
    package typealias Item = Target.Item

    private struct State {
        var queue: WriteBehindQueue<Item>
        /// Set when a drain has waited long enough: a batch that fails is not tried again.
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
            state.queue.append(item, bytes: bytes, reserved: reserved)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Bytes of what is not durable yet.
    package var pendingBytes: Int { state.withLock { $0.queue.bytes } }

    /// Items that are not durable yet.
    package var pendingCount: Int { state.withLock { $0.queue.count } }

    /// Whether less than a tenth of the bound is left.
    package var isNearlyFull: Bool { state.withLock { $0.queue.bytes > $0.queue.limitBytes / 10 * 9 } }

    /// Flushes until it is cancelled, or until `drain` found the queue empty or gave up.
    package func run() async throws {
        while await waitForItems() {
            let batch = state.withLock { $0.queue.take(batchLimit) }
            await write(batch[...])
            bytesGauge.record(pendingBytes)
        }
    }

    /// Takes no more items and waits until all are settled, at most `limit` long.
    ///
    /// - Returns: what could not be written in that time; the caller keeps it safe.
    package func drain(within limit: Duration) async -> [Item] {
        let waiter = state.withLock { state in
            state.queue.finish()
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
        let deadline = ContinuousClock.now.advanced(by: limit)
        while pendingCount > 0 {
            if ContinuousClock.now >= deadline { state.withLock { $0.isAbandoned = true } }
            if state.withLock({ $0.isAbandoned && $0.queue.underWay == 0 }) { break }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
        }
        return state.withLock { $0.queue.removeAll() }
    }

    /// - Returns: false when nothing more will come.
    private func waitForItems() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.queue.isEmpty, !state.queue.isFinished, !Task.isCancelled {
                        state.waiter = continuation
                        return false
                    }
                    return true
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
        return state.withLock { !$0.queue.isEmpty && !$0.isAbandoned } && !Task.isCancelled
    }

    private func write(_ batch: ArraySlice<(item: Item, bytes: Int)>) async {
        var backOff = BackOff()
        while true {
            let started = ContinuousClock.now
            let items = batch.map(\.item)
            do {
                let receipt = try await target.commit(items)
                commitTimer.record(duration: started.duration(to: .now))
                batchSizes.record(batch.count)
                settle(batch)
                return await target.committed(items, receipt)
            } catch  where error.isWorthRetrying {
                retries.increment()
                logger.warning("write-behind waits for storage", metadata: ["error": "\(error)"])
                let isAbandoned = state.withLock { $0.isAbandoned }
                let goesOn = isAbandoned ? false : await sleep(backOff.next())
                if !goesOn {
                    // What is not written goes back, so that a drain can keep it safe.
                    return state.withLock { $0.queue.putBack(Array(batch)) }
                }
            } catch {
                return await refuse(batch, error)
            }
        }
    }

    /// - Returns: false when the task was cancelled.
    private func sleep(_ duration: Duration) async -> Bool {
        do { try await Task.sleep(for: duration) } catch { return false }
        return true
    }

    private func refuse(_ batch: ArraySlice<(item: Item, bytes: Int)>, _ error: StoreError) async {
        guard batch.count == 1 else {
            let middle = batch.startIndex + batch.count / 2
            await write(batch[..<middle])
            return await write(batch[middle...])
        }
        settle(batch)
        await target.refused(batch.first!.item, error)
    }

    private func settle(_ batch: ArraySlice<(item: Item, bytes: Int)>) {
        let bytes = batch.reduce(0) { $0 + $1.bytes }
        state.withLock { $0.queue.settle(count: batch.count, bytes: bytes) }
    }
}

extension StoreError {
    /// Whether the same statements may succeed when storage is back.
    package var isWorthRetrying: Bool {
        switch self {
        case .unavailable, .serialization, .commitUnknown, .cancelled, .deadline: true
        default: false
        }
    }
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
