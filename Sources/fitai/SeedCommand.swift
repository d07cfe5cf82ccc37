import API
import ArgumentParser
import Foundation
import Protocol
import Server

struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Make accounts for load tests and write their tokens.",
        discussion: """
            The accounts are load_000001, load_000002 and so on, verified, without passwords; those that exist stay. \
            Each line of the output is a JSON object with userId, username and token, as `fitai-load` reads it. \
            The tokens are signed with the key in DATA_DIR, so this runs on the server's machine. \
            Reads DATABASE_URL and DATA_DIR; the database must be up to date (`fitai migrate`).
            """)

    @Option(help: "How many accounts (1…1000000).")
    var users = 1000

    @Option(help: "Who may watch them live: private, friends or public.", transform: Self.audience)
    var live = Audience.public

    @Flag(help: "Make the first account a friend of all others.")
    var befriend = false

    @Option(help: "How many hours the tokens are good (1…720).")
    var hours = 24

    @Option(help: "The file to write, mode 0600; standard output when left out.")
    var out: String?

    func validate() throws {
        guard (1...1_000_000).contains(users) else { throw ValidationError("--users must be 1…1000000") }
        guard (1...720).contains(hours) else { throw ValidationError("--hours must be 1…720") }
    }

    func run() async throws {
        try await Terminal.withDatabase { database, _ in
            let now = Timestamp.now
            let plans = (1...users).map { number in
                let digits = String(number)
                let name = "load_" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
                return AccountSeed.Plan(username: name, displayName: "Load \(number)", password: nil, audience: live)
            }
            let seeded = LoadAccounts(
                pool: database.pool, dataDirectory: database.dataDirectory, lifetime: .seconds(hours * 3600))
            let lines = try await seeded.make(plans, befriend: befriend, at: now)
            try write(Data((lines.joined(separator: "\n") + "\n").utf8))
            Terminal.say("\(users) accounts")
        }
    }

    private func write(_ data: Data) throws {
        guard let out else { return FileHandle.standardOutput.write(data) }
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: out, contents: data, attributes: attributes) else {
            throw BootFault("\(out) cannot be written")
        }
    }

    private static func audience(_ text: String) throws -> Audience {
        guard let audience = Audience(rawValue: text) else {
            throw ValidationError("--live must be private, friends or public")
        }
        return audience
    }
}
