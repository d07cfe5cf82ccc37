import CLibpq
import Logging

extension PostgresConnection {
    /// Opens a connection outside of any pool, lends it to `body` and closes it.
    ///
    /// Throws what `body` throws, `.unavailable` when there is no server.
    package static func once<Value: Sendable>(
        _ configuration: PostgresConfiguration, logger: Logger,
        _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        let connection = try PostgresConnection(configuration: configuration, logger: logger)
        return try await withTaskCancellationHandler {
            try await connection.once(body)
        } onCancel: {
            connection.cancel(lease: 1)
        }
    }

    private func once<Value: Sendable>(_ body: @Sendable (isolated PostgresConnection) throws -> Value) throws -> Value
    {
        try open()
        defer { close() }
        lease = 1
        return try body(self)
    }

    /// Whether the server sees an open transaction in which statements can still run.
    var isServerInTransaction: Bool { handle?.transaction == PQTRANS_INTRANS }
}
