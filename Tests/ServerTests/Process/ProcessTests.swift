import Foundation
import FoundationNetworking
import Glibc
import TestKit
import Testing

/// What the health in detail says of the rooms' memory.
private struct RoomsHealth: Decodable {
    let rooms: [String: Int64]
}

@Suite("The process")
struct ProcessTests {
    /// GET of a path; the status and the body as text.
    private func get(_ url: String) async throws -> (status: Int, body: String, headers: [String: String]) {
        let request = URLRequest(url: try #require(URL(string: url)), cachePolicy: .reloadIgnoringLocalCacheData)
        let (data, response) = try await URLSession.shared.data(for: request)
        let answer = try #require(response as? HTTPURLResponse)
        let headers = answer.allHeaderFields.reduce(into: [String: String]()) { all, field in
            if let name = field.key as? String, let value = field.value as? String { all[name.lowercased()] = value }
        }
        return (answer.statusCode, String(decoding: data, as: UTF8.self), headers)
    }

    @Test("it serves from an empty data directory, says where, drains on SIGTERM and takes its Postgres with it")
    func servesAndDrains() async throws {
        try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/var") { server, ready in
                #expect(ready.dataDirectory == directory + "/var")
                let health = try await get(ready.operationsURL + "/v1/health")
                #expect(health.status == 200)
                #expect(health.body.contains(#""status":"ok""#))
                let detailed = try await get(ready.operationsURL + "/v1/health/detailed")
                #expect(detailed.body.contains(#""isReachable":true"#) && detailed.body.contains("durability"))
                let rooms = try JSONDecoder().decode(RoomsHealth.self, from: Data(detailed.body.utf8)).rooms
                #expect(rooms == ["bytes": 0, "limitBytes": 268_435_456], "\(detailed.body)")
                try await eventually {
                    try await get(ready.operationsURL + "/metrics").body.contains("fitai_room_bytes_limit 268435456")
                }
                let metrics = try await get(ready.operationsURL + "/metrics")
                #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                #expect(metrics.body.contains("process_cpu_seconds_total"))
                server.send(SIGTERM)
                #expect(await server.exit() == .status(0))
                #expect(server.lines.contains { $0.contains("draining") })
                #expect(!FileManager.default.fileExists(atPath: directory + "/var/postgres/postmaster.pid"))
            }
        }
    }

    @Test("every line of its log is a JSON object with time, level and message")
    func logsAreJSON() async throws {
        try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/var") { server, _ in
                server.send(SIGINT)
                #expect(await server.exit() == .status(0))
                #expect(!server.lines.isEmpty)
                for line in server.lines {
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    for member in ["ts", "level", "message"] { #expect(object?[member] is String, "\(line)") }
                }
            }
        }
    }

    @Test("a second process on the same data directory refuses to start and says why; the first one goes on")
    func secondOnDirectory() async throws {
        try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/var") { first, ready in
                let second = try ServerProcess(
                    environment: ["PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/var"])
                #expect(await second.exit() == .status(1))
                #expect(second.lines.contains { $0.contains("pid \(first.pid)") && $0.contains("DATA_DIR") })
                let answer = try await get(ready.operationsURL + "/v1/health")
                #expect(answer.status == 200)
            }
        }
    }

    @Test("a second process on the same database refuses to start, though its data directory is another")
    func secondOnDatabase() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database in
            try await ServerDirectory.with { directory in
                let environment = ["DATABASE_URL": database.connection]
                try await ServerProcess.serving(
                    dataDirectory: directory + "/one", environment: environment
                ) { _, ready in
                    let second = try ServerProcess(
                        environment: [
                            "PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/two",
                            "DATABASE_URL": database.connection, "LOCK_SECONDS": "1",
                        ])
                    #expect(await second.exit() == .status(1))
                    #expect(second.lines.contains { $0.contains("another fitai process serves this database") })
                    let answer = try await get(ready.operationsURL + "/v1/health")
                    #expect(answer.status == 200)
                }
            }
        }
    }

    @Test("after kill -9 the next start serves again, with the data that was there")
    func killedAndStarted() async throws {
        try await ServerDirectory.with { directory in
            var databases: [String] = []
            for _ in 0..<3 {
                let database = try await ServerProcess.serving(dataDirectory: directory + "/var") { server, ready in
                    let answer = try await get(ready.operationsURL + "/v1/health")
                    #expect(answer.status == 200)
                    server.send(SIGKILL)
                    #expect(await server.exit() == .signal(SIGKILL))
                    return ready.database
                }
                databases.append(database)
            }
            #expect(Set(databases).count == 1)
        }
    }

    @Test("a port in use is said plainly, with the variable to set")
    func portInUse() async throws {
        try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/one") { _, ready in
                let port = try #require(URL(string: ready.url)?.port)
                let second = try ServerProcess(
                    environment: ["PORT": "\(port)", "OPS_PORT": "0", "DATA_DIR": directory + "/two"])
                #expect(await second.exit() == .status(1))
                let said = "127.0.0.1:\(port) is in use by another program: stop that one, or set PORT to a free port"
                #expect(second.lines.contains { $0.contains(said) })
            }
        }
    }

    @Test("REDIS_URL and other wrong values stop it with status 78 and the variable's name, before anything is made")
    func wrongValues() async throws {
        try await ServerDirectory.with { directory in
            let server = try ServerProcess(
                environment: [
                    "DATA_DIR": directory + "/var", "REDIS_URL": "redis://localhost", "PORT": "eighty",
                    "S3_URL": "bucket.example",
                ])
            #expect(await server.exit() == .status(78))
            #expect(server.lines.contains { $0.contains("REDIS_URL") && $0.contains("later version") })
            #expect(server.lines.contains { $0.contains("PORT cannot be 'eighty'") })
            #expect(server.lines.contains { $0.contains("S3_URL cannot be 'bucket.example'") })
            #expect(server.lines.contains { $0.contains("S3_BUCKET must be set together with S3_URL") })
            #expect(!FileManager.default.fileExists(atPath: directory + "/var"))
        }
    }

    @Test("a database that cannot be reached stops it and says where it looked")
    func databaseAway() async throws {
        try await ServerDirectory.with { directory in
            let server = try ServerProcess(
                environment: ["DATA_DIR": directory + "/var", "DATABASE_URL": "postgres://127.0.0.1:1/fitai"])
            #expect(await server.exit() == .status(1))
            #expect(server.lines.contains { $0.contains("127.0.0.1") && $0.contains("port 1") })
        }
    }

    @Test("pages come with a strict policy, their type and a tag that answers 304")
    func pages() async throws {
        try await ServerDirectory.with { directory in
            try FileManager.default.createDirectory(atPath: directory + "/web", withIntermediateDirectories: false)
            try Data("<h1>hello</h1>".utf8).write(to: URL(filePath: directory + "/web/index.html"))
            try await ServerProcess.serving(
                dataDirectory: directory + "/var", environment: ["WEB_DIR": directory + "/web"]
            ) { _, ready in
                let page = try await get(ready.url + "/")
                #expect(page.status == 200)
                #expect(page.body == "<h1>hello</h1>")
                #expect(page.headers["content-type"] == "text/html; charset=utf-8")
                #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
                #expect(page.headers["content-security-policy"]?.contains("unsafe") == false)
                #expect(page.headers["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
                #expect(page.headers["x-content-type-options"] == "nosniff")
                #expect(page.headers["referrer-policy"] == "same-origin")
                #expect(page.headers["permissions-policy"]?.contains("camera=()") == true)
                #expect(page.headers["strict-transport-security"] == nil)
                var again = URLRequest(
                    url: try #require(URL(string: ready.url + "/")), cachePolicy: .reloadIgnoringLocalCacheData)
                again.setValue(try #require(page.headers["etag"]), forHTTPHeaderField: "If-None-Match")
                let (_, response) = try await URLSession.shared.data(for: again)
                #expect((response as? HTTPURLResponse)?.statusCode == 304)
                #expect(try await get(ready.url + "/index.htm").status == 404)
            }
        }
    }

    @Test("an address that leads nowhere shows a browser the page that says so, and others nothing")
    func missingPage() async throws {
        try await ServerDirectory.with { directory in
            try FileManager.default.createDirectory(
                atPath: directory + "/web/not-found", withIntermediateDirectories: true)
            try Data("<h1>hello</h1>".utf8).write(to: URL(filePath: directory + "/web/index.html"))
            try Data("<h1>nothing</h1>".utf8).write(to: URL(filePath: directory + "/web/not-found/index.html"))
            try await ServerProcess.serving(
                dataDirectory: directory + "/var", environment: ["WEB_DIR": directory + "/web"]
            ) { _, ready in
                for (accept, body) in [("text/html,*/*;q=0.8", "<h1>nothing</h1>"), ("application/json", "")] {
                    var request = URLRequest(url: try #require(URL(string: ready.url + "/nothing-here")))
                    request.setValue(accept, forHTTPHeaderField: "Accept")
                    let (data, response) = try await URLSession.shared.data(for: request)
                    let answer = try #require(response as? HTTPURLResponse)
                    #expect(answer.statusCode == 404)
                    #expect(String(decoding: data, as: UTF8.self) == body)
                    let policy = answer.value(forHTTPHeaderField: "Content-Security-Policy")
                    #expect(policy?.contains("default-src 'none'") == true)
                }
            }
        }
    }

    @Test("--help tells the commands, serve --help every variable")
    func help() async throws {
        let root = try ServerProcess(["--help"])
        #expect(await root.exit() == .status(0))
        #expect(root.lines.contains { $0.contains("serve") })
        let serve = try ServerProcess(["serve", "--help"])
        #expect(await serve.exit() == .status(0))
        for name in ["PORT", "DATABASE_URL", "DATA_DIR", "REDIS_URL", "LOG_FORMAT"] {
            #expect(serve.lines.contains { $0.trimmingCharacters(in: .whitespaces) == name }, "\(name)")
        }
        #expect(serve.lines.allSatisfy { $0.count <= 80 })
    }

    @Test("an unknown command is refused")
    func unknownCommand() async throws {
        let process = try ServerProcess(["lift"])
        #expect(await process.exit() == .status(64))
    }
}
