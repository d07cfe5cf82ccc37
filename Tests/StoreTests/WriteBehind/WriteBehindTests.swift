import Logging
import Store
import Synchronization
import TestKit
import Testing

/// What becomes of a batch that storage does not take as it is.
struct WriteBehindTests {
    @Test("what could not be written when halving is given up goes back in its order")
    func halvesKeepTheirOrder() async throws {
        let target = ScriptedTarget { batch, _ in
            batch.count > 2 ? .refused : .away
        }
        let queue = WriteBehind(target: target, limitBytes: 1 << 20, logger: .silent)
        let items = (1...8).map { ScriptedItem(history: 1, number: $0) }
        for item in items { queue.take(item) }
        let left = try await withRunning(queue) {
            await target.attempted { $0.count == 2 }
            queue.abandon()
            return queue.pending
        }
        #expect(left == items)
    }

    @Test("a refused item stops its own history alone, which keeps its bytes until others take their place")
    func stopped() async throws {
        let poison = ScriptedItem(history: 1, number: 2)
        let target = ScriptedTarget { batch, _ in batch.contains(poison) ? .refused : .written }
        let queue = WriteBehind(target: target, limitBytes: 1000, logger: .silent)
        let mine = [1, 2, 3, 4].map { ScriptedItem(history: 1, number: $0) }
        let others = [1, 2, 3].map { ScriptedItem(history: 2, number: $0) }
        for item in mine + others { queue.take(item, bytes: 100) }
        try await withRunning(queue) {
            await target.stops(1)
            queue.take(ScriptedItem(history: 1, number: 5), bytes: 100)
            queue.take(ScriptedItem(history: 2, number: 4), bytes: 100)
            await target.written(5)
            #expect(target.writtenItems.filter { $0.history == 1 } == [mine[0]])
            #expect(target.writtenItems.filter { $0.history == 2 }.map(\.number) == [1, 2, 3, 4])
            #expect(queue.pendingBytes == 400 && queue.pendingCount == 4)
            // They need no space, however full the queue is.
            #expect(queue.reserve(600) && !queue.reserve(1))
            let again = [3, 4, 5].map { ScriptedItem(history: 3, number: $0) }
            queue.replace(1, with: again.map { ($0, 100) })
            await target.written(8)
            #expect(target.writtenItems.filter { $0.history == 3 } == again)
            #expect(queue.pendingBytes == 600 && queue.pendingCount == 0)
        }
    }

    @Test("a drain finds what a stopped history had in the queue, in its order")
    func drainedWhileStopped() async throws {
        let target = ScriptedTarget { batch, _ in batch.contains { $0.history == 1 } ? .fenced([1]) : .written }
        let queue = WriteBehind(target: target, limitBytes: 1000, logger: .silent)
        let mine = (1...3).map { ScriptedItem(history: 1, number: $0) }
        for item in mine { queue.take(item) }
        let left = try await withRunning(queue) {
            await target.stops(1)
            for number in 4...6 { queue.take(ScriptedItem(history: 1, number: number)) }
            queue.take(ScriptedItem(history: 2, number: 1))
            await target.written(1)
            return queue.pending
        }
        #expect(left.map(\.number) == [1, 2, 3, 4, 5, 6])
    }

    private func withRunning<Value: Sendable>(
        _ queue: WriteBehind<ScriptedTarget>, _ body: @Sendable () async -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.run() }
            let value = await body()
            group.cancelAll()
            return value
        }
    }
}

private struct ScriptedItem: Hashable, Sendable {
    let history: Int
    let number: Int
}

/// A target that answers batches by a script, and tells what happened to it.
private final class ScriptedTarget: WriteBehindTarget {
    enum Answer { case written, refused, away, fenced(Set<Int>) }

    private struct State {
        var batches: [[ScriptedItem]] = []
        var written: [ScriptedItem] = []
        var stops: [ScriptedItem] = []
        var waiters: [(isOver: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let script: @Sendable (_ batch: [ScriptedItem], _ attempt: Int) -> Answer

    init(_ script: @escaping @Sendable ([ScriptedItem], Int) -> Answer) { self.script = script }

    var writtenItems: [ScriptedItem] { state.withLock { $0.written } }

    func history(of item: ScriptedItem) -> Int { item.history }

    func commit(_ batch: [ScriptedItem]) async throws(StoreError) -> Set<Int> {
        let attempt = state.withLock { state in
            state.batches.append(batch)
            return state.batches.count
        }
        wake()
        switch script(batch, attempt) {
        case .written: return []
        case .fenced(let histories): return histories
        case .refused: throw .check(constraint: "scripted")
        case .away: throw .unavailable("scripted")
        }
    }

    func committed(_ batch: [ScriptedItem]) {
        state.withLock { $0.written += batch }
        wake()
    }

    func abandon() {}

    func stopped(at item: ScriptedItem, refusal error: StoreError?) {
        state.withLock { $0.stops.append(item) }
        wake()
    }

    func attempted(_ isWanted: @escaping @Sendable ([ScriptedItem]) -> Bool) async {
        await until { $0.batches.contains(where: isWanted) }
    }

    func written(_ count: Int) async { await until { $0.written.count >= count } }

    func stops(_ count: Int) async { await until { $0.stops.count >= count } }

    private func until(_ isOver: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiters.append((isOver, continuation)) }
            wake()
        }
    }

    private func wake() {
        let over = state.withLock { state in
            let over = state.waiters.filter { $0.isOver(state) }
            state.waiters = state.waiters.filter { !$0.isOver(state) }
            return over.map(\.continuation)
        }
        for continuation in over { continuation.resume() }
    }
}

extension WriteBehind<ScriptedTarget> {
    fileprivate func take(_ item: ScriptedItem, bytes: Int = 10) {
        #expect(reserve(bytes))
        append(item, bytes: bytes, reserved: bytes)
    }
}
