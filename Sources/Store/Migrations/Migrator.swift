import Logging

/// Brings the schema up to date.
///
/// Each migration runs in a transaction of its own, together with the row that says so. An advisory lock makes
/// processes that migrate at once take turns; the second finds nothing left to do.
package struct Migrator: Sendable {
    /// Taken by whoever migrates; any number that nobody else uses will do.
    private static let lock: Int64 = 0x6669_7461_6931

    private let configuration: PostgresConfiguration
    private let migrations: [Migration]
    private let logger: Logger

    package init(
        configuration: PostgresConfiguration, migrations: [Migration] = Migration.all, logger: Logger
    ) {
        var configuration = configuration
        // One statement may rebuild a large table, and another process's turn is waited for.
        configuration.statementDeadline = .seconds(3600)
        self.configuration = configuration
        self.migrations = migrations
        self.logger = logger
    }

    /// Applies what is missing and answers the names, in order; throws `MigrationError` or `StoreError`.
    @discardableResult
    package func migrate() async throws -> [String] {
        try await PostgresConnection.once(configuration, logger: logger) { [migrations, logger] connection in
            // Let go with the connection, whatever happens.
            try connection.execute("select pg_advisory_lock(\(Self.lock))")
            var names: [String] = []
            for migration in try plan(connection, migrations).pending {
                try apply(migration, connection)
                names.append(migration.name)
                logger.info("Migrated the database", metadata: ["migration.name": "\(migration.name)"])
            }
            return names
        }
    }

    /// The names of the migrations that `migrate` would apply, in order; changes nothing but that it makes the table.
    package func pending() async throws -> [String] {
        try await PostgresConnection.once(configuration, logger: logger) { [migrations] connection in
            try plan(connection, migrations).pending.map(\.name)
        }
    }

    private func plan(
        _ connection: isolated PostgresConnection, _ known: [Migration]
    ) throws -> MigrationPlan {
        try connection.execute(
            """
            create table if not exists schema_migrations (
                number int primary key,
                name text not null,
                checksum text not null,
                applied_at timestamptz not null default now()
            )
            """)
        let rows = try connection.query(
            "select number, name, checksum from schema_migrations", as: (Int, String, String).self)
        let applied = rows.map { MigrationPlan.Applied(number: $0.0, name: $0.1, checksum: $0.2) }
        return try MigrationPlan(applied: applied, known: known)
    }

    private func apply(_ migration: Migration, _ connection: isolated PostgresConnection) throws {
        do {
            try connection.transaction { connection in
                try connection.script(migration.sql)
                guard connection.isServerInTransaction else { throw MigrationError.endsTransaction(migration.name) }
                try connection.execute(
                    """
                    insert into schema_migrations (number, name, checksum)
                    values (\(migration.number), \(migration.name), \(migration.checksum))
                    """)
            }
        } catch let error as StoreError {
            throw MigrationError.failed(migration.name, error)
        }
    }
}
