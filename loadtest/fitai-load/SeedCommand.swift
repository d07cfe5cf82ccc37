import ArgumentParser
import Client
import Foundation
import Protocol

/// Registers accounts over REST; slow on purpose, since each password is hashed.
struct SeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Register accounts over REST and write their tokens to a file.",
        discussion: """
            The accounts let every signed-in user watch them (preference live: public). The server's limit on \
            registrations has to be off or high for many accounts; `fitai seed` makes them without REST.
            """)

    @Option(help: "How many.")
    var accounts = 20

    @Option(help: "Where the server listens.", transform: ServerAddress.argument)
    var server = ServerAddress(host: "127.0.0.1", port: 8080)

    @Option(help: "The file to write.")
    var out = "accounts.jsonl"

    func run() async throws {
        let rest = RESTClient(server)
        let run = String(Timestamp.now.milliseconds % 100_000_000, radix: 36)
        var lines: [String] = []
        for number in 0..<accounts {
            lines.append(LoadAccounts.line(try await register("load_\(run)_\(number)", rest)))
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: out))
        print("\(accounts) accounts in \(out)")
    }

    private func register(_ name: String, _ rest: RESTClient) async throws -> LoadAccount {
        var body = JSONWriter()
        body.object { writer in
            writer.member("email", "\(name)@load.invalid")
            writer.member("username", name)
            writer.member("password", "load test \(name)")
            writer.member("displayName", name)
        }
        let answer = try await rest.send(.post, "/v1/auth/register", body: body.bytes)
        let json = try JSONReader.parse(answer.body)
        guard answer.status == 201, let id = json["user"]?["id"]?.id,
            let token = json["tokens"]?["accessToken"]?.string
        else { throw ValidationError("register answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))") }
        let preferences = Array("{\"privacy\":{\"live\":\"public\"}}".utf8)
        let changed = try await rest.send(.put, "/v1/users/preferences", token: token, body: preferences)
        guard changed.status == 200 else { throw ValidationError("preferences answered \(changed.status)") }
        return LoadAccount(
            userId: id, username: name, token: token, refreshToken: json["tokens"]?["refreshToken"]?.string)
    }
}
