import NIOCore
import Protocol
import Synchronization

/// Bounds how many requests of one user are worked on at once; further ones wait for their turn.
///
/// Whatever a request costs, one account holds no more than its part of storage's connections and of the threads.
final class UserTurns: Sendable {
    /// Less than half of the eight connections that REST has by default.
    static let usual = 3

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Line {
        var running = 0
        var waiters: CircularBuffer<Waiter> = []
    }

    private struct State {
        var lines: [UserID: Line] = [:]
        var lastID: UInt64 = 0
    }

    private let most: Int
    private let state = Mutex(State())

    /// - Parameter most: requests of a user at once, at least 1.
    init(most: Int = UserTurns.usual) {
        precondition(most > 0, "nobody would ever have a turn")
        self.most = most
    }

    /// How many users have a request that runs or waits.
    var count: Int { state.withLock(\.lines.count) }

    /// Runs the work in the user's turn; at once for those who are nobody. Throws `CancellationError` when cancelled before.
    func run<Value: Sendable>(
        for user: UserID?, _ work: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let user else { return try await work() }
        try await take(user)
        defer { give(user) }
        return try await work()
    }

    private func take(_ user: UserID) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let hasTurn = state.withLock { state in
                    guard state.lines[user, default: Line()].running < most else {
                        state.lines[user]?.waiters.append(Waiter(id: id, continuation: continuation))
                        return false
                    }
                    state.lines[user, default: Line()].running += 1
                    return true
                }
                if hasTurn { continuation.resume() }
                // A cancellation before it stood in line has found nobody to wake.
                if !hasTurn, Task.isCancelled { leave(id, user) }
            }
        } onCancel: {
            leave(id, user)
        }
    }

    /// A waiter that was cancelled goes without its turn.
    private func leave(_ id: UInt64, _ user: UserID) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.lines[user]?.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.lines[user]?.waiters.remove(at: index)
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    /// The turn goes to who waits longest.
    private func give(_ user: UserID) {
        let next = state.withLock { state -> Waiter? in
            if let next = state.lines[user]?.waiters.popFirst() { return next }
            state.lines[user]?.running -= 1
            if state.lines[user]?.running == 0 { state.lines[user] = nil }
            return nil
        }
        next?.continuation.resume()
    }
}
