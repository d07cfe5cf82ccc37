import Logging
import Realtime
import ServiceLifecycle
import Store

/// The Postgres of this process, open, up to date, and locked against a second process.
package struct Database: Sendable {
    /// Held by the one process that serves a database; any number that nobody else uses will do.
    private static let nodeLock: Int64 = 0x6669_7461_6932

    package let pool: PostgresPool
    package let livePools: LivePools
    package let configuration: PostgresConfiguration
    /// Nil when DATABASE_URL names the server.
    let cluster: LocalCluster?
    private let lock: AdvisoryLock
    private let logger: Logger

    /// Starts the private Postgres unless one is given, takes the lock and migrates.
    ///
    /// - Throws: `BootFault` with what to do about it; nothing is left running then.
    static func open(
        _ storage: StorageConfiguration, in directory: DataDirectory, environment: [String: String], logger: Logger
    ) async throws -> Database {
        let source = try await DatabaseSource.reach(
            storage, dataDirectory: directory.path, environment: environment, logger: logger)
        do {
            let lock = try await AdvisoryLock.take(
                AdvisoryLock.Settings(
                    key: nodeLock, nonces: try Nonces(file: directory.path + "/sessions"),
                    patience: storage.lockPatience),
                configuration: source.configuration, logger: logger)
            do {
                try await Migrator(configuration: source.configuration, logger: logger).migrate()
            } catch {
                await lock.release()
                throw error
            }
            let pool = PostgresPool(configuration: source.configuration, logger: logger)
            return Database(
                pool: pool, livePools: LivePools(source.configuration, logger: logger),
                configuration: source.configuration, cluster: source.cluster, lock: lock, logger: logger)
        } catch {
            await source.cluster?.stop()
            throw BootFault.readable(error)
        }
    }

    /// Closes all, where the services were never run.
    func close() async {
        await pool.close()
        await lock.release()
        await cluster?.stop()
    }

    /// In the order in which they start; they stop in the opposite one.
    var services: [any Service] {
        let cluster: [any Service] = self.cluster.map { [$0] } ?? []
        return cluster + [lock, pool]
    }

    /// Where the database is, as a command line that opens it.
    var commandLine: String {
        cluster == nil ? "psql \"$DATABASE_URL\"" : "psql \"\(configuration.connection)\""
    }
}
