import Logging
import Store

/// How to connect to the Postgres that the configuration names, started where it is the private one.
package struct DatabaseSource: Sendable {
    package let configuration: PostgresConfiguration
    /// The private Postgres; nil when DATABASE_URL names another.
    package let cluster: LocalCluster?

    /// Starts the private Postgres, or finds it running for a server of ours, unless DATABASE_URL is set.
    ///
    /// - Throws: `BootFault` with what to do about it.
    package static func reach(
        _ storage: StorageConfiguration, dataDirectory: String, environment: [String: String], logger: Logger
    ) async throws -> DatabaseSource {
        do {
            var cluster: LocalCluster?
            var connection = storage.databaseURL
            if connection == nil {
                let own = try LocalCluster(dataDirectory: dataDirectory, environment: environment, logger: logger)
                connection = try await own.start()
                if let notice = await own.notice { logger.notice("\(notice)") }
                cluster = own
            }
            var configuration = try PostgresConfiguration(connection: connection ?? "")
            configuration.maxConnections = storage.databasePoolSize
            return DatabaseSource(configuration: configuration, cluster: cluster)
        } catch {
            throw BootFault.readable(error)
        }
    }
}
