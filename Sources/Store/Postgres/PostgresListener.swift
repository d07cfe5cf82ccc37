import Logging

/// Hears the notifications of one channel on a connection of its own, and connects again when that is lost.
struct PostgresListener: Sendable {
    private static let pause = Duration.seconds(1)

    let channel: StaticString
    let configuration: PostgresConfiguration
    let logger: Logger
    /// Called after each notification, and once after connecting: what came before was not heard.
    let onNotification: @Sendable () -> Void

    /// Listens until the task is cancelled.
    func run() async {
        var isKnownAway = false
        while !Task.isCancelled {
            do {
                try await listen { isKnownAway = false }
            } catch {
                // Whoever listens also looks by itself from time to time; said once, not every second.
                if !isKnownAway { logger.warning("notifications are not heard: \(error)") }
                isKnownAway = true
            }
            // Only cancellation ends the pause early, and the loop with it.
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func listen(_ onConnected: () -> Void) async throws {
        let connection = try PostgresConnection(configuration: configuration, logger: logger)
        try await connection.listen(on: channel)
        onConnected()
        onNotification()
        while await hears(connection) { onNotification() }
        await connection.close()
    }

    private func hears(_ connection: PostgresConnection) async -> Bool {
        await withTaskCancellationHandler {
            await connection.waitForNotification()
        } onCancel: {
            connection.cancel(lease: 1)
        }
    }
}
