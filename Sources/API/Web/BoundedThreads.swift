import NIOPosix
import Protocol
import ServiceLifecycle
import Synchronization

/// Threads of their own for work that would hold up an event loop, with a bound on how much waits for them.
package final class BoundedThreads: Service, Sendable {
    private let threads: NIOThreadPool
    private let mostWaiting: Int
    private let waiting = Mutex(0)

    /// - Parameter mostWaiting: beyond so many waiting and running calls new ones are refused.
    init(count: Int, mostWaiting: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        self.mostWaiting = mostWaiting
        threads.start()
    }

    /// Ends with the threads joined.
    package func run() async throws {
        // A cancelled wait is an end like the graceful one.
        try? await gracefulShutdown()
        try await threads.shutdownGracefully()
    }

    /// Runs the work on one of the threads. Throws `unavailable` when too many calls wait.
    func perform<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await perform { (_: WorkStop) in try work() }
    }

    /// The same for long work, which is to look now and then whether anybody still waits for it.
    func perform<Result: Sendable>(_ work: @escaping @Sendable (WorkStop) throws -> Result) async throws -> Result {
        let mayWait = waiting.withLock { count in
            guard count < mostWaiting else { return false }
            count += 1
            return true
        }
        guard mayWait else { throw Problem(.unavailable, retryAfterSeconds: 2) }
        defer { waiting.withLock { $0 -= 1 } }
        let stop = WorkStop()
        return try await withTaskCancellationHandler {
            try await threads.runIfActive {
                try stop.check()
                return try work(stop)
            }
        } onCancel: {
            stop.stop()
        }
    }
}

/// Tells work on a thread that its caller was cancelled, such as by a deadline.
final class WorkStop: Sendable {
    private let stopped = Atomic(false)

    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    func stop() { stopped.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once nobody waits any more.
    func check() throws(CancellationError) { if isStopped { throw CancellationError() } }
}
