import ArgumentParser

/// Measurements of one part of the server each, run by `loadtest/bench/run.sh`.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fitai-bench",
        abstract: "Measurements of the parts of FitAI.",
        subcommands: [FanOutServer.self, WritePath.self, Consent.self, IndexComparison.self])
}
