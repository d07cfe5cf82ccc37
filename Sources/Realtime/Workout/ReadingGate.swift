import DequeModule
import Store
import Synchronization

/// Lets few histories be read at a time: what is read of each is bounded, so what all of them take is too. Those beyond
/// wait in line, and are refused when that took too long.
final class ReadingGate: Sendable {
    private struct Waiter {
        let since: ContinuousClock.Instant
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var readers = 0
        var waiting = Deque<Waiter>()
    }

    /// Histories that are read at a time: more than there are connections, so that these are never idle.
    static let places = 8

    private let state = Mutex(State())
    private let patience: Duration

    /// - Parameter patience: who has waited for longer when it is their turn is refused; storage hangs then.
    init(patience: Duration = .seconds(5)) { self.patience = patience }

    /// How many wait for a place.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs `read` when there is a place.
    ///
    /// - Throws: `StoreError.unavailable` when that took too long; what `read` throws.
    func pass<Value>(_ read: () async throws -> Value) async throws -> Value {
        guard await enter() else {
            throw StoreError.unavailable("too many workouts are being read")
        }
        defer { leave() }
        return try await read()
    }

    /// - Returns: false for who has waited too long.
    private func enter() async -> Bool {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.readers == Self.places else {
                    state.readers += 1
                    return true
                }
                state.waiting.append(Waiter(since: .now, continuation: continuation))
                return false
            }
            if isFree { continuation.resume(returning: true) }
        }
    }

    /// Hands the place on to the first who has not waited too long.
    private func leave() {
        let (late, next) = state.withLock { state in
            let start = ContinuousClock.now - patience
            var late: [Waiter] = []
            while let first = state.waiting.first, first.since < start {
                late.append(first)
                state.waiting.removeFirst()
            }
            let next = state.waiting.popFirst()
            if next == nil { state.readers -= 1 }
            return (late, next)
        }
        for waiter in late { waiter.continuation.resume(returning: false) }
        next?.continuation.resume(returning: true)
    }
}
