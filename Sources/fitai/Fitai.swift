import ArgumentParser
import Server

/// The whole backend in one binary: serves, migrates, seeds, replays.
@main
struct Fitai: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fitai",
        abstract: "A fitness backend whose heart is live: friends watch a workout set by set.",
        discussion: """
            `fitai serve` needs nothing else: without DATABASE_URL it keeps a private Postgres in DATA_DIR.
            `fitai demo` does the same and lifts a real training log, so that the page has something to show.
            All configuration comes from the environment: see `fitai serve --help`.
            """,
        version: Release.version,
        subcommands: [
            ServeCommand.self, DemoCommand.self, ReplayCommand.self, MigrateCommand.self, SeedCommand.self,
            DeadLettersCommand.self, JobsCommand.self, AdminCommand.self,
        ])
}
