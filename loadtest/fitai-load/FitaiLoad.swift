import ArgumentParser

/// The native load generator: accounts, then athletes that log sets on a fixed schedule and watchers that check them.
@main
struct FitaiLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fitai-load",
        abstract: "Loads a FitAI server over its public REST and socket.",
        discussion: """
            First `fitai-load seed` (or `fitai seed` on the server's machine) makes accounts, then `fitai-load live` \
            runs athletes and watchers. See loadtest/README.md.
            """,
        subcommands: [SeedCommand.self, LiveCommand.self])
}
