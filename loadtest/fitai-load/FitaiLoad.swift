import ArgumentParser

/// The native load generator: accounts, then athletes that log sets on a fixed schedule and watchers that check them.
@main
struct FitaiLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fitai-load",
        abstract: "Loads a FitAI server over its public REST and socket.",
        discussion: """
            `fitai seed` makes the accounts on the server's machine, `fitai-load live` runs athletes and watchers \
            with them. See loadtest/README.md.
            """,
        subcommands: [LiveCommand.self])
}
