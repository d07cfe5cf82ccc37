import API
import ArgumentParser
import Foundation
import Logging
import Protocol
import Server
import Store

/// Fills the database of a server with years of training, for measurements.
@main
struct FitaiSeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fitai-seed",
        abstract: "Fill an empty database with users who have trained for five years.",
        discussion: """
            Brings the database up to date first, as the server does. Users are load_000001 and so on, the first with \
            the most workouts; they have no passwords. Equal seeds, sizes and days give equal rows. Each line of the \
            output is a JSON object with userId, username, token, the heaviest user first; the tokens are good for a \
            week. Reads DATABASE_URL and DATA_DIR like the server. See loadtest/README.md.
            """)

    @Option(help: "How many users.")
    var users = SeedSize().users

    @Option(help: "How many workouts they have together.")
    var workouts = SeedSize().workouts

    @Option(help: "How many sets they have together.")
    var sets = SeedSize().sets

    @Option(help: "How many workouts the first user has.")
    var heaviest = SeedSize().heaviest

    @Option(help: "What the random numbers begin with.")
    var seed: UInt64 = 20_261_122

    @Option(help: "How many accounts get a token.")
    var accounts = 1000

    @Option(help: "The file for accounts with tokens, mode 0600.")
    var out: String

    private var size: SeedSize { SeedSize(users: users, workouts: workouts, sets: sets, heaviest: heaviest) }

    func validate() throws {
        if let fault = size.fault { throw ValidationError(fault) }
        guard (1...10_000).contains(accounts) else { throw ValidationError("--accounts must be 1…10000") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let logger = Logger(label: "fitai-seed")
        do {
            let storage = try Configuration(environment: environment).storage
            try await OwnDatabase.with(storage, environment: environment, logger: logger) { database in
                try await Migrator(configuration: database.configuration, logger: logger).migrate()
                try await fill(database, logger)
            }
        } catch let faults as ConfigurationFaults {
            for fault in faults.faults { Self.say(fault.description) }
            throw ExitCode(78)
        } catch let fault as BootFault {
            Self.say(fault.description)
            throw ExitCode.failure
        }
    }

    private func fill(_ database: OwnDatabase, _ logger: Logger) async throws {
        guard try await database.pool.first("select exists (select from users)", as: Bool.self) == false else {
            throw BootFault("the database has users already; this needs an empty one")
        }
        let begun = ContinuousClock.now
        let now = Timestamp.now
        Self.say("seed \(seed)")
        // A statement of so many rows takes longer than a request's may.
        var configuration = database.configuration
        configuration.statementDeadline = .seconds(300)
        let pool = PostgresPool(configuration: configuration, logger: logger)
        let seeding = TrainingSeed(pool: pool, size: size, seed: seed, now: now) { line in
            Self.say("\((ContinuousClock.now - begun).components.seconds) s: \(line)")
        }
        let result: Result<[TrainingSeed.Account], any Error>
        do { result = .success(try await seeding.run(accounts: accounts)) } catch { result = .failure(error) }
        await pool.close()
        try await write(try result.get(), database, at: now)
    }

    private func write(_ chosen: [TrainingSeed.Account], _ database: OwnDatabase, at now: Timestamp) async throws {
        let plans = chosen.map { account in
            let name = PeopleRows.username(account.index)
            return AccountSeed.Plan(username: name, displayName: name, password: nil, audience: .friends)
        }
        let tokens = LoadAccounts(
            pool: database.pool, dataDirectory: database.dataDirectory, lifetime: .seconds(7 * 86_400))
        let lines = try await tokens.make(plans, befriend: false, at: now)
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        let data = Data((lines.joined(separator: "\n") + "\n").utf8)
        guard FileManager.default.createFile(atPath: out, contents: data, attributes: attributes) else {
            throw BootFault("\(out) cannot be written")
        }
    }

    private static func say(_ line: String) {
        FileHandle.standardError.write(Data("fitai-seed: \(line)\n".utf8))
    }
}
