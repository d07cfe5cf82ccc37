import Logging
import ServiceLifecycle

/// A lock that one process of a database holds as long as it lives, on a connection of its own.
///
/// `take` once, then `run`: when the connection is lost (Postgres was restarted, the network was cut) it takes the lock
/// again as soon as it can. A session of our own that the server has not yet noticed to be dead is ended; another holder
/// is waited for, and `Held` is thrown when it still has the lock after `patience`.
package final class AdvisoryLock: Service, Sendable {
    /// Another process has the lock.
    package struct Held: Error, Sendable, CustomStringConvertible {
        /// What Postgres knows of the holder: application name, address, start of its connection.
        package let holder: String

        package var description: String { "another process holds the lock: \(holder)" }
    }

    /// Which lock, and how we are known there.
    package struct Settings: Sendable {
        let key: Int64
        /// Marks this process's session, and those of processes that are known to be dead.
        let nonces: Nonces
        /// How long another holder is waited for.
        let patience: Duration

        package init(key: Int64, nonces: Nonces = Nonces(), patience: Duration) {
            self.key = key
            self.nonces = nonces
            self.patience = patience
        }
    }

    private static let pause = Duration.milliseconds(250)

    private let settings: Settings
    private let connection: PostgresConnection
    private let logger: Logger

    /// Takes the lock. Throws `Held` when another process keeps it, `StoreError` when Postgres cannot be reached.
    package static func take(
        _ settings: Settings, configuration: PostgresConfiguration, logger: Logger
    ) async throws -> AdvisoryLock {
        let connection = try PostgresConnection(configuration: configuration, logger: logger)
        let lock = AdvisoryLock(settings, connection: connection, logger: logger)
        try await lock.acquire(bearingOutages: false)
        return lock
    }

    private init(_ settings: Settings, connection: PostgresConnection, logger: Logger) {
        self.settings = settings
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
                    try await self.acquire(bearingOutages: true)
                    self.logger.notice("The advisory lock is held again")
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

    /// - Parameter bearingOutages: whether Postgres that is away is waited for: nobody else can take the lock either.
    private func acquire(bearingOutages: Bool) async throws {
        var deadline: ContinuousClock.Instant?
        while true {
            do {
                guard let holder = try await connection.tryLock(settings, logger) else { return }
                let limit = deadline ?? .now + settings.patience
                if deadline == nil {
                    logger.warning(
                        "another process holds the advisory lock; waiting for it",
                        metadata: ["lock.holder": "\(holder)", "lock.patience": "\(settings.patience)"])
                }
                deadline = limit
                guard ContinuousClock.now < limit else { throw Held(holder: holder) }
            } catch let error as StoreError {
                guard bearingOutages else { throw error }
            }
            try await Task.sleep(for: Self.pause)
        }
    }
}

extension PostgresConnection {
    /// Opens a marked session and takes the lock in it, ending dead sessions of ours that hold it.
    ///
    /// - Returns: nil when it is taken, else the holder.
    fileprivate func tryLock(_ settings: AdvisoryLock.Settings, _ logger: Logger) throws(StoreError) -> String? {
        close()
        try open()
        do throws(StoreError) {
            let name = "\(configuration.applicationName.prefix(30)) \(settings.nonces.own)"
            try execute("select set_config('application_name', \(name), false)")
            if try takesLock(settings.key) { return nil }
            if try endGhosts(settings, logger), try takesLock(settings.key) { return nil }
            let holder = try holder(of: settings.key)
            close()
            return holder
        } catch {
            close()
            throw error
        }
    }

    private func takesLock(_ key: Int64) throws(StoreError) -> Bool {
        try query("select pg_try_advisory_lock(\(key))", as: Bool.self).first == true
    }

    /// Ends the sessions that hold the lock under one of our nonces and are not this one: their client was this process,
    /// before its connection was lost, or one that is dead.
    ///
    /// - Returns: whether there were any.
    private func endGhosts(_ settings: AdvisoryLock.Settings, _ logger: Logger) throws(StoreError) -> Bool {
        let ghosts = try query(
            """
            select a.pid, pg_terminate_backend(a.pid, 5000) from \(Self.holders(of: settings.key))
            where a.pid <> pg_backend_pid() and a.usename = current_user
                and right(a.application_name, \(Int32(Nonces.length))) = any(\(settings.nonces.all))
            """, as: (Int32, Bool).self)
        for (pid, hasEnded) in ghosts {
            logger.warning(
                "a dead session of ours held the advisory lock",
                metadata: ["postgres.pid": "\(pid)", "lock.ended": "\(hasEnded)"])
        }
        return !ghosts.isEmpty
    }

    private func holder(of key: Int64) throws(StoreError) -> String {
        let rows = try query(
            """
            select coalesce(nullif(a.application_name, ''), 'unnamed'), coalesce(host(a.client_addr), 'this machine'),
                to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
            from \(Self.holders(of: key))
            """, as: (String, String, String).self)
        guard let (name, address, since) = rows.first else { return "it has just ended" }
        return "\(Nonces.removed(from: name)) on \(address), connected since \(since) UTC"
    }

    /// The sessions (`a`) that hold the lock, as the rest of a FROM clause.
    private static func holders(of key: Int64) -> SQL {
        """
        (select pid as holder from pg_locks
            where locktype = 'advisory' and granted and objsubid = 1
                and classid::bigint = (\(key) >> 32) & 4294967295 and objid::bigint = \(key) & 4294967295
                and database = (select oid from pg_database where datname = current_database())
        ) l join pg_stat_activity a on a.pid = l.holder
        """
    }
}
