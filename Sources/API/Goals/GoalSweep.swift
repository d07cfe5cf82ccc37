import Logging
import ServiceLifecycle

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
