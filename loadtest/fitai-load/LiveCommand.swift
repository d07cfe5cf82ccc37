import ArgumentParser
import Client
import Foundation
import NIOCore
import NIOPosix
import Protocol

/// Athletes that log sets on a fixed schedule, watchers that check and time every event.
struct LiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live",
        abstract: "Log sets at a fixed rate while watchers follow.",
        discussion: """
            Open loop: sets are due at fixed times whatever the server does, and latency counts from then. Every \
            watcher follows one athlete (in turn) and checks the sequence of its events for holes and repeats. \
            Exit status 1 when there is a hole, a repeat, or an op that is not durable at the end.
            """)

    @Option(help: "Where the server listens.", transform: ServerAddress.argument)
    var server = ServerAddress(host: "127.0.0.1", port: 8080)

    @Option(help: "File of accounts (see `fitai seed`).")
    var accounts = "accounts.jsonl"

    @Option(help: "How many athletes.")
    var athletes = 10

    @Option(help: "How many watchers, over all athletes.")
    var watchers = 100

    @Option(help: "Sets a second, over all athletes.")
    var rate = 100.0

    @Option(help: "For so many seconds.")
    var seconds = 30

    @Option(help: "Event loops (threads) of the generator.")
    var loops = 1

    @Option(help: "Connections an account may have (the server's limit).")
    var connectionsPerAccount = 10

    @Option(help: "Write the figures as JSON to this file.")
    var json: String?

    func validate() throws {
        guard athletes >= 1, watchers >= 0, rate > 0, seconds >= 1, loops >= 1, connectionsPerAccount >= 1 else {
            throw ValidationError("athletes, rate, seconds, loops and connections have to be positive")
        }
    }

    func run() async throws {
        let pool = try LoadAccounts.read(accounts)
        guard pool.count >= athletes else { throw ValidationError("\(accounts) holds \(pool.count) accounts") }
        // Watchers take the accounts behind the athletes', several connections each; failing those, the athletes'.
        let rest = pool.count > athletes ? Array(pool[athletes...]) : pool
        guard rest.count * connectionsPerAccount >= watchers else {
            throw ValidationError("\(watchers) watchers need \(watchers / connectionsPerAccount) more accounts")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let generator = LoadGenerator(group: group, server: server)
        let outcome = try await generator.run(
            athletes: Array(pool[..<athletes]), watchers: (0..<watchers).map { rest[$0 / connectionsPerAccount] },
            rate: rate, seconds: seconds)
        try await group.shutdownGracefully()
        let report = LoadReport(plan: self, outcome: outcome)
        print(report.text)
        if let json { try Data(report.json).write(to: URL(fileURLWithPath: json)) }
        if !report.isSound { throw ExitCode.failure }
    }
}
