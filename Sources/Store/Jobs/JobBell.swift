import Synchronization

/// Wakes the workers: one ring while a worker is busy is kept for it, more are the same.
final class JobBell: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextId = 0
        var isClosed = false

        mutating func add(_ listener: AsyncStream<Void>.Continuation) -> Int? {
            guard !isClosed else { return nil }
            nextId += 1
            listeners[nextId] = listener
            return nextId
        }
    }

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Rings for one listener, beginning with one at once; ends when the bell is closed or the listener is cancelled.
    func rings() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        guard let id = state.withLock({ $0.add(continuation) }) else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
        }
        continuation.yield()
        return stream
    }

    func ring() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield() }
    }

    /// Ends all listening, now and later.
    func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
