import Logging
import ServiceLifecycle
import Store

/// Keeps a `ServerClock` right: compares it with Postgres once a minute, and within a second when somebody set the clock of
/// this machine.
struct ClockWatch: Service {
    let clock: ServerClock
    let pool: PostgresPool
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var due = 60
            while !Task.isCancelled {
                // Cancellation ends the pause early and the loop with it.
                try? await Task.sleep(for: .seconds(1))
                due -= 1
                let hasStepped = clock.wallHasStepped
                guard !Task.isCancelled, due <= 0 || hasStepped else { continue }
                do throws(StoreError) {
                    try await clock.measure(pool)
                    due = 60
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
