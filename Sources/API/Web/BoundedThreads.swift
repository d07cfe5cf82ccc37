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
        let mayWait = waiting.withLock { count in
            guard count < mostWaiting else { return false }
            count += 1
            return true
        }
        guard mayWait else { throw Problem(.unavailable, retryAfterSeconds: 2) }
        defer { waiting.withLock { $0 -= 1 } }
        return try await threads.runIfActive(work)
    }
}
