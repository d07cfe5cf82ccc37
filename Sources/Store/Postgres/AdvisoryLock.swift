import Logging
import ServiceLifecycle

/// A lock that one process of a database holds as long as it lives, on a connection of its own.
///
/// `take` once, then `run`: when the connection is lost (Postgres was restarted) it takes the lock again as soon as
/// it can, and throws `Held` when another process was faster.
package final class AdvisoryLock: Service, Sendable {
    /// Another process has the lock.
    package struct Held: Error, Sendable, CustomStringConvertible {
        /// What Postgres knows of the holder: application name, address, start of its connection.
        package let holder: String

        package var description: String { "another process holds the lock: \(holder)" }
    }

    private let key: Int64
    private let configuration: PostgresConfiguration
    private let connection: PostgresConnection
    private let logger: Logger

    /// Takes the lock. Throws `Held` when another process has it, `StoreError` when Postgres cannot be reached.
    package static func take(
        _ key: Int64, configuration: PostgresConfiguration, logger: Logger
    ) async throws -> AdvisoryLock {
        let connection = try PostgresConnection(configuration: configuration, logger: logger)
        try await connection.takeLock(key)
        return AdvisoryLock(key: key, configuration: configuration, connection: connection, logger: logger)
    }

    private init(key: Int64, configuration: PostgresConfiguration, connection: PostgresConnection, logger: Logger) {
        self.key = key
        self.configuration = configuration
        self.connection = connection
        self.logger = logger
    }

    /// Keeps the lock until the service group shuts down or the task is cancelled, and lets it go then.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await self.waitForLoss()
                    self.logger.warning("The connection that holds the advisory lock was lost")
                    try await self.takeAgain()
                }
            }
        } catch is CancellationError {
            await connection.close()
        }
    }

    /// Lets the lock go, where `run` was never called.
    package func release() async {
        await connection.close()
    }

    private func waitForLoss() async throws {
        await withTaskCancellationHandler {
            await connection.waitForEnd()
        } onCancel: {
            connection.cancel(lease: 1)
        }
        try Task.checkCancellation()
    }

    private func takeAgain() async throws {
        while true {
            do {
                try await connection.takeLock(key)
                logger.notice("The advisory lock is held again")
                return
            } catch is StoreError {
                // Postgres is still away: nobody else can take the lock either.
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}

extension PostgresConnection {
    fileprivate func takeLock(_ key: Int64) throws {
        close()
        try open()
        do {
            let taken = try query("select pg_try_advisory_lock(\(key))", as: Bool.self)
            if taken.first == true { return }
            throw AdvisoryLock.Held(holder: try holder(of: key))
        } catch {
            close()
            throw error
        }
    }

    private func holder(of key: Int64) throws(StoreError) -> String {
        let rows = try query(
            """
            select coalesce(nullif(a.application_name, ''), 'unnamed'), coalesce(host(a.client_addr), 'this machine'),
                to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
            from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
                and l.classid::bigint = (\(key) >> 32) & 4294967295 and l.objid::bigint = \(key) & 4294967295
                and l.database = (select oid from pg_database where datname = current_database())
            """, as: (String, String, String).self)
        guard let (name, address, since) = rows.first else { return "it has just ended" }
        return "\(name) on \(address), connected since \(since) UTC"
    }
}
