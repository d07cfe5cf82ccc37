import ArgumentParser
import Foundation
import Protocol
import TestKit

/// How long a watcher still receives after consent is taken back, through REST and sockets of a real server.
struct Consent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consent",
        abstract: "Measure how soon watchers stop receiving after a block or a narrowing.",
        discussion: """
            Watchers follow one workout whose athlete goes on logging sets. Time counts from the moment the request is \
            sent until the last watcher has heard that its subscription ended. FITAI_BINARY names the server.
            """)

    @Option(help: "Accounts that watch.")
    var watchers = 50

    @Option(help: "Connections of each.")
    var connections = 10

    @Option(help: "Times each way of taking consent back is measured.")
    var rounds = 5

    @Option(help: "Milliseconds that none may exceed.")
    var limit = 1000

    func run() async throws {
        let worst = try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/var", environment: Self.unlimited) {
                _, ready in
                let file = directory + "/accounts.jsonl"
                let seed = try ServerProcess(
                    ["seed", "--users", "\(watchers + 1)", "--out", file],
                    environment: ["DATA_DIR": directory + "/var"])
                guard await seed.exit() == .status(0) else { throw ExitCode.failure }
                let accounts = try Account.read(file)
                return try await measure(accounts, port: URL(string: ready.url)?.port ?? 0)
            }
        }
        if worst > .milliseconds(limit) { throw ExitCode.failure }
    }

    private static let unlimited = [
        "REQUESTS_PER_MINUTE": "1000000", "OPS_PER_SECOND": "100000", "LOG_LEVEL": "notice",
    ]

    private func measure(_ accounts: [Account], port: Int) async throws -> Duration {
        let rest = RESTClient(port: port, token: accounts[0].token)
        print("consent: \(watchers) accounts with \(connections) sockets each follow a workout that goes on")
        var worst = Duration.zero
        for (name, revoke, restore) in Self.ways {
            var times: [Duration] = []
            for _ in 0..<rounds {
                let crowd = try await Crowd(accounts, connections: connections, port: port)
                times.append(
                    try await crowd.timeToEnd(ofAll: name == "private") { try await revoke(rest, accounts[1]) })
                try await restore(rest, accounts[1])
                try await crowd.leave()
            }
            times.sort()
            worst = max(worst, times[times.count - 1])
            print("\(name): median \(times[times.count / 2]), longest \(times[times.count - 1])")
        }
        return worst
    }

    private typealias Step = @Sendable (RESTClient, Account) async throws -> Void

    private static let ways: [(String, Step, Step)] = [
        (
            "private",
            { rest, _ in _ = try await rest.send("PUT", preferences, text: #"{"privacy": {"live": "private"}}"#) },
            { rest, _ in _ = try await rest.send("PUT", preferences, text: #"{"privacy": {"live": "public"}}"#) }
        ),
        (
            "block",
            { rest, account in _ = try await rest.send("POST", "/v1/users/\(account.userId)/block") },
            { rest, account in _ = try await rest.delete("/v1/users/\(account.userId)/block") }
        ),
    ]

    private static let preferences = "/v1/users/preferences"
}

/// An account as `fitai seed` writes it.
private struct Account: Decodable, Sendable {
    let userId: UserID
    let token: String

    static func read(_ file: String) throws -> [Account] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Account.self, from: Data($0.utf8)) }
    }
}

/// An athlete who lifts, and the sockets that watch.
private struct Crowd: Sendable {
    let athlete: LiveTalker
    let workout = WorkoutID.make()
    let entry = EntryID.make()
    /// By account, in the order of the accounts.
    var watchers: [[LiveTalker]] = []

    init(_ accounts: [Account], connections: Int, port: Int) async throws {
        athlete = try await LiveTalker.connect(port: port, token: accounts[0].token)
        try await submit(.start(WorkoutDetails(name: "Bench")))
        try await submit(.addEntry(EntryDetails(id: entry, name: "Bench press")))
        for account in accounts.dropFirst() {
            var talkers: [LiveTalker] = []
            for _ in 0..<connections {
                let talker = try await LiveTalker.connect(port: port, token: account.token)
                guard try await talker.subscribe(workout).subscribed != nil else { throw ExitCode.failure }
                talkers.append(talker)
            }
            watchers.append(talkers)
        }
    }

    private func submit(_ action: WorkoutAction) async throws {
        let answer = try await athlete.op(workout, WorkoutOp(id: .make(), at: .now, action: action))
        guard answer.appliedSeq != nil else { throw ExitCode.failure }
    }

    /// From the request until the last of those whom it concerns has heard of the end, or has been closed.
    func timeToEnd(ofAll isAll: Bool, _ revoke: () async throws -> Void) async throws -> Duration {
        for reps in 1...20 { try await submit(.logSet(.make(), entry: entry, SetValues(reps: Int64(reps)))) }
        let ending = isAll ? watchers.flatMap { $0 } : watchers[0]
        let begin = ContinuousClock.now
        try await revoke()
        for reps in 1...20 { try await submit(.logSet(.make(), entry: entry, SetValues(reps: Int64(reps)))) }
        for watcher in ending {
            _ = try await watcher.next { if case .ended = $0 { true } else { false } }
        }
        return begin.duration(to: .now)
    }

    func leave() async throws {
        try await submit(.delete)
        for talker in watchers.flatMap({ $0 }) + [athlete] { try await talker.socket.close() }
    }
}
