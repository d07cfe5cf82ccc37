import Logging
import Store

/// The server's database as commands beside the server use it, whether or not the server runs meanwhile.
package struct OwnDatabase: Sendable {
    package let configuration: PostgresConfiguration
    package let pool: PostgresPool
    /// Absolute or as configured.
    package let dataDirectory: String

    /// Lends the database to the closure; a private Postgres that had to be started for it is stopped again.
    ///
    /// - Throws: `BootFault` with what to do about it.
    package static func with<Value: Sendable>(
        _ storage: StorageConfiguration, environment: [String: String], logger: Logger,
        _ body: (OwnDatabase) async throws -> Value
    ) async throws -> Value {
        // While no server runs, none may start half-way through.
        let directory = DataDirectory.isInUse(storage.dataDirectory) ? nil : try DataDirectory(storage.dataDirectory)
        let path = directory?.path ?? storage.dataDirectory
        let source = try await DatabaseSource.reach(
            storage, dataDirectory: path, environment: environment, logger: logger)
        let pool = PostgresPool(configuration: source.configuration, logger: logger)
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await body(OwnDatabase(configuration: source.configuration, pool: pool, dataDirectory: path)))
        } catch {
            result = .failure(BootFault.readable(error))
        }
        await pool.close()
        await source.cluster?.stop()
        withExtendedLifetime(directory) {}
        return try result.get()
    }
}
