import Logging
import ServiceLifecycle
import Synchronization

/// Does the same thing again and again until shutdown, and says once that it fails and once that it succeeds again.
///
/// For what a server goes on without for a while, as when Postgres is away: the log is not to fill with it.
package final class Polling: Sendable {
    /// What the log is told when it begins to fail, and when it succeeds again.
    package struct Words: Sendable {
        let fails: String
        let succeeds: String

        package init(fails: String, succeeds: String) {
            self.fails = fails
            self.succeeds = succeeds
        }
    }

    private let pause: Duration
    private let words: Words
    private let logger: Logger
    private let succeeds = Atomic<Bool>(true)

    package init(every pause: Duration, _ words: Words, logger: Logger) {
        self.pause = pause
        self.words = words
        self.logger = logger
    }

    /// Pauses, does it, and so on; returns at a graceful shutdown or a cancellation.
    package func run(_ round: @escaping @Sendable () async throws -> Void) async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Only cancellation ends the pause early, and that the loop sees.
                try? await Task.sleep(for: self.pause)
                await self.attempt(round)
            }
        }
    }

    /// Does it once, and throws nothing: the log is told what is news.
    package func attempt(_ round: @Sendable () async throws -> Void) async {
        do {
            try await round()
            if !succeeds.exchange(true, ordering: .relaxed) { logger.notice("\(words.succeeds)") }
        } catch is CancellationError {
            return
        } catch StoreError.cancelled {
            return
        } catch {
            if succeeds.exchange(false, ordering: .relaxed) { logger.warning("\(words.fails): \(error)") }
        }
    }
}
