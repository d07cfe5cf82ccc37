import Foundation
import Glibc
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("A killed export")
struct ExportCrashTests {
    /// More than the archive's writer keeps in memory, so that half a file lies on the disk.
    private static let events = 20_000

    private func environment(_ directory: String, _ database: TestDatabase) -> [String: String] {
        ["DATABASE_URL": database.connection, "PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/var"]
    }

    private func files(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory + "/var/exports").sorted()
    }

    private func register(_ ready: ServerProcess.Ready, _ pool: PostgresPool) async throws -> SignedIn {
        let body = RegisterRequest(
            email: "ada@example.com", username: "ada", password: "weights-9-barbells", displayName: "Ada")
        let ada: SignedIn = try await client(ready).post("/v1/auth/register", body).decoded()
        try await pool.execute(
            """
            insert into security_events (id, user_id, kind, address, at)
            select ('ffff' || substr(gen_random_uuid()::text, 5))::uuid, \(ada.user.id), 'signedIn', '192.0.2.' || n % 200, now()
            from generate_series(1, \(Self.events)) n
            """)
        return ada
    }

    private func client(_ ready: ServerProcess.Ready, token: String? = nil) throws -> RESTClient {
        RESTClient(port: try #require(URL(string: ready.url)?.port), token: token)
    }

    /// Leaves an export with its job, as who asks for it does.
    private func ask(_ user: UserID, _ pool: PostgresPool) async throws -> UUIDv7 {
        try await pool.transaction { connection in
            let (id, time) = (UUIDv7.make(), Timestamp.now)
            try connection.execute(
                """
                insert into data_exports (id, user_id, created_at, expires_at)
                values (\(id), \(user), \(time), \(time + DataExports.kept))
                """)
            try Jobs(now: { .now }).enqueue(DataExportJob(exportId: id), on: connection)
            return id
        }
    }

    /// Has the server gather an export and kills it while it reads, with a table locked that it comes to last but a few.
    private func killInTheMiddle(_ server: ServerProcess, of user: UserID, _ pool: PostgresPool) async throws -> UUIDv7
    {
        let (locked, announce) = AsyncStream.makeStream(of: Void.self)
        async let killing: Void = pool.transaction { connection in
            try connection.execute("lock table idempotency_keys in access exclusive mode")
            announce.finish()
            try connection.waitForLocks(on: "idempotency_keys", count: 1)
            server.send(SIGKILL)
        }
        for await _ in locked {}
        let export = try await ask(user, pool)
        try await killing
        #expect(await server.exit() == .signal(SIGKILL))
        return export
    }

    @Test("a server that is killed in the middle of an export: the next one finishes it, once, and the ZIP is whole")
    func killed() async throws {
        try await TestPostgres.withDatabase { database in
            try await ServerDirectory.with { directory in
                let first = try ServerProcess(environment: environment(directory, database))
                let ada = try await register(try await first.ready(), database.pool)
                let export = try await killInTheMiddle(first, of: ada.user.id, database.pool)
                let left = try files(directory)
                #expect(left.count == 1 && left[0].hasPrefix("\(export).") && left[0].hasSuffix(".draft"))
                let half = try Data(contentsOf: URL(filePath: directory + "/var/exports/" + left[0]))
                #expect(half.count > 10_000)
                #expect(throws: ZipArchive.Unreadable.self) { try ZipArchive(Array(half)) }
                #expect(try await status(of: export, database.pool) == "waiting")
                // As if the dead worker's lease had run out by now.
                #expect(try await database.pool.execute("update jobs set run_at = now() where lease is not null") == 1)
                try await finished(export, of: ada, directory, database)
            }
        }
    }

    private func status(of export: UUIDv7, _ pool: PostgresPool) async throws -> String? {
        try await pool.first("select status from data_exports where id = \(export)", as: String.self)
    }

    private func finished(
        _ export: UUIDv7, of ada: SignedIn, _ directory: String, _ database: TestDatabase
    ) async throws {
        try await ServerProcess.serving(
            dataDirectory: directory + "/var", environment: environment(directory, database)
        ) { _, ready in
            // The job goes with the statement after the one that makes the export ready.
            let open: SQL = "select count(*) from jobs where kind = 'account.dataExport'"
            while try await database.pool.first(open, as: Int.self) != 0 {}
            #expect(try await status(of: export, database.pool) == "ready")
            #expect(try await database.pool.query("select id from data_exports", as: UUIDv7.self) == [export])
            #expect(try await database.pool.first("select count(*) from dead_jobs", as: Int.self) == 0)
            #expect(try files(directory) == ["\(export).zip"])
            let answer = try await client(ready, token: ada.tokens.accessToken).get(
                "/v1/users/data-export/\(export)/download")
            #expect(answer.status == 200)
            let archive = try ZipArchive(answer.body)
            let parts = try archive.json("index.json")["parts"]?.array ?? []
            #expect(parts.compactMap { $0["name"]?.string } == PersonalData.exportParts.map(\.name))
            let events = try #require(try archive.json("security-events.json").array)
            #expect(events.count > Self.events)
            let row = parts.first { $0["name"]?.string == "security-events" }
            #expect(row?["rows"]?.integer == Int64(events.count))
        }
    }
}
