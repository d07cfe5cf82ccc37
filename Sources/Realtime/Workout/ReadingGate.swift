import DequeModule
import Store
import Synchronization

/// Lets few histories be read at a time: what is read of each is bounded, so what all of them take is too. Those beyond
/// wait in line, and are refused when that took too long.
final class ReadingGate: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var readers = 0
        var waiting = Deque<Waiter>()
        var lastID: UInt64 = 0
    }

    /// Histories that are read at a time: more than there are connections, so that these are never idle.
    static let places = 8

    private let state = Mutex(State())
    private let patience: Duration

    /// - Parameter patience: who has waited for so long is refused; storage hangs then.
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

    /// - Returns: false for who has waited too long, or was cancelled.
    private func enter() async -> Bool {
        // Nearly always: nobody waits, and no timer is needed.
        if takePlace() { return true }
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let timer = Task {
            // A cancelled timer has nobody to wake.
            try? await Task.sleep(for: patience)
            giveUp(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    // One may have become free meanwhile.
                    if Self.takePlace(in: &state) { return true }
                    state.waiting.append(Waiter(id: id, continuation: continuation))
                    return false
                }
                if isFree { continuation.resume(returning: true) }
            }
        } onCancel: {
            giveUp(id)
        }
    }

    private func takePlace() -> Bool { state.withLock { Self.takePlace(in: &$0) } }

    private static func takePlace(in state: inout State) -> Bool {
        guard state.readers < places else { return false }
        state.readers += 1
        return true
    }

    /// Takes one who waits out of the line.
    private func giveUp(_ id: UInt64) {
        let waiter = state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: false)
    }

    /// Hands the place on to the first in line.
    private func leave() {
        let next = state.withLock { state in
            let next = state.waiting.popFirst()
            if next == nil { state.readers -= 1 }
            return next
        }
        next?.continuation.resume(returning: true)
    }
}
