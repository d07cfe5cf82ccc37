import ArgumentParser
import Logging
import Server
import Store

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database up to date and stop.",
        discussion: """
            `fitai serve` does the same when it starts. Safe beside a running server and beside another migration. \
            A migration that was applied and has changed since is refused by name. Reads DATABASE_URL and DATA_DIR.
            """)

    @Flag(help: "Only name what would be applied.")
    var dryRun = false

    func run() async throws {
        try await Terminal.withDatabase { database, logger in
            let migrator = Migrator(configuration: database.configuration, logger: logger)
            let names = dryRun ? try await migrator.pending() : try await migrator.migrate()
            if names.isEmpty { print("The database is up to date.") }
            for name in names { print(dryRun ? "pending: \(name)" : "applied: \(name)") }
        }
    }
}
