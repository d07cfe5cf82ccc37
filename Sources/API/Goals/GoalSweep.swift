import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// Settles the goals of athletes who do not look at them themselves, a few seconds after their workouts ended.
struct GoalSweep: Service {
    static let pause = Duration.seconds(5)

    let goals: Goals
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await sweep()
                // Only cancellation ends the pause early, and the loop with it.
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private func sweep() async {
        do {
            let logger = logger
            while try await goals.settleSome(failed: { user, error in
                logger.error("goals could not be settled: \(error)", metadata: ["user.id": "\(user)"])
            }) > 0 {}
        } catch {
            // What was noted stays noted: the next round tries again.
            guard !Task.isCancelled else { return }
            logger.warning("goals could not be settled: \(error)")
        }
    }
}

/// Settles at once whatever is noted; for tools that write training in bulk.
package enum GoalSettling {
    /// - Returns: how many athletes were settled.
    /// - Throws: `StoreError`; also when an athlete's goals cannot be reckoned.
    package static func settleAll(on pool: PostgresPool, at time: Timestamp) async throws -> Int {
        let goals = Goals(pool: pool) { time }
        let failure = Mutex<(any Error)?>(nil)
        var settled = 0
        while true {
            let some = try await goals.settleSome { _, error in failure.withLock { $0 = error } }
            if let error = failure.withLock({ $0 }) { throw error }
            guard some > 0 else { return settled }
            settled += some
        }
    }
}
