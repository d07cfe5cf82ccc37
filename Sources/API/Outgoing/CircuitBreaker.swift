import Protocol
import Synchronization

/// Keeps requests from waiting for another server that doesn't answer.
///
/// After some failures in a row it opens: calls are refused at once and told when to come again. Then a single call
/// goes through; its success closes the breaker, its failure opens it for twice as long. Besides, only so many calls
/// are under way at once.
final class CircuitBreaker: Sendable {
    struct Policy: Sendable {
        /// In a row, before it opens.
        var failures = 3
        var firstPause = Duration.seconds(15)
        var longestPause = Duration.seconds(300)
        var mostAtOnce = 32
        /// A call given up by its caller counts as a failure after this time: deadlines are no sign of health.
        var patience = Duration.seconds(2)
    }

    /// The call was not made.
    struct Refused: Error {
        let retryAfter: Duration
    }

    private struct State {
        var failures = 0
        var pause: Duration
        var openUntil: Timestamp?
        var isProbing = false
        var underWay = 0
    }

    private enum Ticket { case usual, probe }

    private let policy: Policy
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>

    init(policy: Policy = Policy(), now: @escaping @Sendable () -> Timestamp) {
        self.policy = policy
        self.now = now
        state = Mutex(State(pause: policy.firstPause))
    }

    /// Makes the call, or throws `Refused`. Whatever the call throws is a failure, and so is a value that says so.
    func run<Value: Sendable>(
        isFailure: (Value) -> Bool = { _ in false }, _ call: () async throws -> Value
    ) async throws -> Value {
        let ticket = try admit()
        let started = ContinuousClock.now
        do {
            let value = try await call()
            leave(ticket, hasFailed: isFailure(value))
            return value
        } catch is CancellationError {
            let hasFailed = started.duration(to: .now) >= policy.patience
            leave(ticket, hasFailed: hasFailed ? true : nil)
            throw CancellationError()
        } catch {
            leave(ticket, hasFailed: true)
            throw error
        }
    }

    private func admit() throws(Refused) -> Ticket {
        let time = now()
        return try state.withLock { state -> Result<Ticket, Refused> in
            if let until = state.openUntil {
                let rest = until - time
                // A clock that was set back keeps nobody out for longer.
                let isOver = rest <= .zero || rest > policy.longestPause
                guard isOver, !state.isProbing else {
                    return .failure(Refused(retryAfter: max(.seconds(1), isOver ? policy.firstPause : rest)))
                }
                state.isProbing = true
                state.underWay += 1
                return .success(.probe)
            }
            guard state.underWay < policy.mostAtOnce else { return .failure(Refused(retryAfter: .seconds(2))) }
            state.underWay += 1
            return .success(.usual)
        }.get()
    }

    /// - Parameter hasFailed: nil where nothing was learned.
    private func leave(_ ticket: Ticket, hasFailed: Bool?) {
        let time = now()
        state.withLock { state in
            state.underWay -= 1
            if ticket == .probe { state.isProbing = false }
            switch (hasFailed, ticket) {
            case (nil, _): break
            case (false, _):
                state.failures = 0
                state.pause = policy.firstPause
                state.openUntil = nil
            case (true, .probe):
                state.pause = min(policy.longestPause, state.pause * 2)
                state.openUntil = time + state.pause
            case (true, .usual):
                state.failures += 1
                if state.failures >= policy.failures, state.openUntil == nil { state.openUntil = time + state.pause }
            }
        }
    }
}
