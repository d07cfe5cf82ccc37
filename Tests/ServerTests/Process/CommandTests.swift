import Foundation
import FoundationNetworking
import Glibc
import Protocol
import Store
import TestKit
import Testing

@Suite("The commands beside the server")
struct CommandTests {
    /// Runs a command to its end.
    private func run(_ arguments: [String], in directory: String) async throws -> (ServerProcess.Exit, [String]) {
        let process = try ServerProcess(arguments, environment: ["DATA_DIR": directory, "LOG_LEVEL": "warning"])
        let exit = await process.exit()
        return (exit, process.lines)
    }

    private func status(_ url: String, token: String) async throws -> (Int, [String: Any]) {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        let (data, response) = try await URLSession.shared.data(for: request)
        let body = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return (try #require(response as? HTTPURLResponse).statusCode, body ?? [:])
    }

    @Test("migrate brings an empty database up to date, once, and a dry run changes nothing")
    func migrate() async throws {
        try await ServerDirectory.with { directory in
            let data = directory + "/var"
            let (_, pending) = try await run(["migrate", "--dry-run"], in: data)
            #expect(pending.contains("pending: 0001_users"))
            let (exit, applied) = try await run(["migrate"], in: data)
            #expect(exit == .status(0))
            #expect(applied == pending.map { $0.replacingOccurrences(of: "pending", with: "applied") })
            #expect(try await run(["migrate"], in: data).1 == ["The database is up to date."])
        }
    }

    @Test("seed beside a running server makes accounts whose tokens work, and running it again makes no more")
    func seed() async throws {
        try await ServerDirectory.with { directory in
            let data = directory + "/var"
            try await ServerProcess.serving(dataDirectory: data) { _, ready in
                let arguments = ["seed", "--users", "3", "--befriend", "--out", directory + "/accounts.jsonl"]
                #expect(try await run(arguments, in: data).0 == .status(0))
                let first = try accounts(directory)
                #expect(first.map { $0["username"] } == ["load_000001", "load_000002", "load_000003"])
                let (status, friends) = try await status(
                    ready.url + "/v1/users/friends", token: try #require(first.first?["token"]))
                #expect(status == 200)
                #expect((friends["items"] as? [Any])?.count == 2)
                #expect(try await run(arguments, in: data).0 == .status(0))
                #expect(try accounts(directory).map { $0["userId"] } == first.map { $0["userId"] })
                let mode = try FileManager.default.attributesOfItem(atPath: directory + "/accounts.jsonl")
                #expect(mode[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    private func accounts(_ directory: String) throws -> [[String: String]] {
        let text = try String(contentsOfFile: directory + "/accounts.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        }
    }

    @Test("dead letters: none at first, and one that does not exist cannot be retried")
    func deadLetters() async throws {
        try await ServerDirectory.with { directory in
            let data = directory + "/var"
            #expect(try await run(["migrate"], in: data).0 == .status(0))
            let (exit, lines) = try await run(["dead-letters", "list"], in: data)
            #expect(exit == .status(0))
            #expect(lines == ["There are no dead letters."])
            let (refused, said) = try await run(["dead-letters", "retry", "7"], in: data)
            #expect(refused == .status(1))
            #expect(said.contains { $0.contains("no unresolved dead letter 7") })
        }
    }

    @Test("admin gives a role to an account and takes it back, and refuses unknown accounts and roles")
    func admin() async throws {
        try await ServerDirectory.with { directory in
            let data = directory + "/var"
            let email = "load_000001@seed.invalid"
            #expect(try await run(["migrate"], in: data).0 == .status(0))
            let seed = ["seed", "--users", "1", "--out", directory + "/accounts.jsonl"]
            #expect(try await run(seed, in: data).0 == .status(0))
            let (exit, lines) = try await run(["admin", "grant", email, "admin"], in: data)
            #expect(exit == .status(0))
            #expect(lines == ["\(email) is admin now (was user); all sessions were ended."])
            let holders = try await run(["admin", "list"], in: data).1
            #expect(holders == ["admin  \(email)  @load_000001  the role waits for a second factor"])
            let (unknown, said) = try await run(["admin", "grant", "nobody@example.com", "admin"], in: data)
            #expect(unknown == .status(1))
            #expect(said.contains { $0.contains("no account has the address nobody@example.com") })
            #expect(try await run(["admin", "grant", email, "king"], in: data).0 == .status(64))
            #expect(try await run(["admin", "revoke", email], in: data).0 == .status(0))
            let none = try await run(["admin", "list"], in: data).1
            #expect(none == ["There are no moderators and no administrators."])
        }
    }

    @Test("dead jobs are listed, run again and dropped by their ids; others are refused by name")
    func deadJobs() async throws {
        try await TestPostgres.withDatabase { database in
            func jobs(_ arguments: String...) async throws -> (ServerProcess.Exit, String) {
                try await ServerDirectory.with { directory in
                    let process = try ServerProcess(
                        ["jobs"] + arguments,
                        environment: [
                            "DATA_DIR": directory + "/var", "DATABASE_URL": database.connection, "LOG_LEVEL": "warning",
                        ])
                    return (await process.exit(), process.lines.joined(separator: "\n"))
                }
            }
            #expect(try await jobs("list") == (.status(0), "There are no dead jobs."))
            let ids = [UUIDv7.make(), UUIDv7.make()]
            for id in ids {
                try await database.pool.execute(
                    """
                    insert into dead_jobs (id, kind, payload, priority, attempts, most_attempts, last_error, created_at,
                        died_at)
                    values (\(id), 'test.mail', '{}', 1, 12, 12, 'the server is away', now(), now())
                    """)
            }
            let listed = try await jobs("list").1
            for id in ids { #expect(listed.contains("\(id)  ") && listed.contains("the server is away")) }
            #expect(try await jobs("retry", "\(ids[0])") == (.status(0), "\(ids[0]) will run again."))
            #expect(try await jobs("discard", "\(ids[1])") == (.status(0), "\(ids[1]) is gone."))
            #expect(try await database.pool.query("select id from jobs", as: UUIDv7.self) == [ids[0]])
            #expect(try await jobs("list").1 == "There are no dead jobs.")
            let (refused, said) = try await jobs("discard", "\(ids[1])")
            #expect(refused == .status(1) && said.contains("there is no dead job \(ids[1])"))
            #expect(try await jobs("retry", "seven").0 != .status(0))
        }
    }

    @Test("the demo says both log-ins, lifts the log, and the friend can sign in")
    func demo() async throws {
        try await ServerDirectory.with { directory in
            let log = URL(filePath: #filePath).appending(path: "../../../Fixtures/logs/hevy_kg_emoji.csv").standardized
            let demo = try ServerProcess(
                ["demo", "--log", log.path, "--speed", "10000", "--workouts", "1"],
                environment: ["DATA_DIR": directory + "/var", "PORT": "0", "OPS_PORT": "0"])
            let ready = try await demo.ready()
            _ = try await demo.line { $0.contains("all workouts are lifted") }
            #expect(demo.lines.contains { $0.contains("mara") } && demo.lines.contains { $0.contains("jonas") })
            var login = URLRequest(url: try #require(URL(string: ready.url + "/v1/auth/login")))
            login.httpMethod = "POST"
            login.setValue("application/json", forHTTPHeaderField: "Content-Type")
            login.httpBody = Data(#"{"login":"jonas","password":"lift-together-42"}"#.utf8)
            let (_, response) = try await URLSession.shared.data(for: login)
            #expect((response as? HTTPURLResponse)?.statusCode == 200)
            demo.send(SIGTERM)
            #expect(await demo.exit() == .status(0))
        }
    }

    @Test("the demo, whose passwords are public, does not listen for other machines")
    func demoStaysHere() async throws {
        try await ServerDirectory.with { directory in
            let demo = try ServerProcess(
                ["demo"], environment: ["DATA_DIR": directory + "/var", "HOST": "0.0.0.0", "PORT": "0"])
            #expect(await demo.exit() == .status(1))
            #expect(demo.lines.contains { $0.contains("HOST") })
        }
    }
}
