import Logging
import ServiceLifecycle

/// Removes once an hour what has expired, in small steps so that no table is locked for long.
struct Housekeeping: Service {
    /// A chore removes at most some thousand rows at a time and answers how many it removed.
    struct Chore: Sendable {
        let name: String
        let removeSome: @Sendable () async throws -> Int
    }

    static let rowsAtOnce = 5000

    let chores: [Chore]
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                for chore in chores { await finish(chore) }
                // Only cancellation ends the pause early, and the loop with it.
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }

    private func finish(_ chore: Chore) async {
        do {
            while try await chore.removeSome() > 0 {}
        } catch {
            // The next round tries again; what is left over harms nobody meanwhile.
            guard !Task.isCancelled else { return }
            logger.warning("expired rows could not be removed: \(error)", metadata: ["chore": "\(chore.name)"])
        }
    }
}
