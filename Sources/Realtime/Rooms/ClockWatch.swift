import Logging
import ServiceLifecycle
import Store

/// Keeps a `ServerClock` right: compares it with Postgres once a minute, and within a second when somebody set the clock of
/// this machine.
struct ClockWatch: Service {
    let clock: ServerClock
    let pool: PostgresPool
    let logger: Logger
    /// Between two looks at the clocks of this machine.
    var pause = Duration.seconds(1)
    /// After so many looks Postgres is asked whatever they show.
    var looks = 60

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var due = looks
            while !Task.isCancelled {
                // Cancellation ends the pause early and the loop with it.
                try? await Task.sleep(for: pause)
                due -= 1
                let hasStepped = clock.wallHasStepped
                guard !Task.isCancelled, due <= 0 || hasStepped else { continue }
                do throws(StoreError) {
                    try await clock.measure(pool)
                    due = looks
                    if hasStepped { logger.warning("the clock of this machine was set; compared with Postgres again") }
                } catch {
                    if due == 0 {
                        logger.warning("the clock was not compared with Postgres", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
    }
}
