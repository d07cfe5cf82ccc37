import Client
import Foundation
import FoundationNetworking
import Glibc
import Protocol
import Store
import TestKit
import Testing

@Suite("Postgres away")
struct OutageTests {
    /// A Postgres of the test's own, which it may kill.
    private func withCluster(_ body: (TestCluster, String) async throws -> Void) async throws {
        let cluster = try TestCluster()
        do {
            try await body(cluster, try await cluster.start())
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    private func health(_ ready: ServerProcess.Ready) async throws -> (status: Int, body: String) {
        let url = try #require(URL(string: ready.url + "/v1/health"))
        let (data, response) = try await URLSession.shared.data(for: URLRequest(url: url))
        return (try #require(response as? HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))
    }

    @Test("health is degraded but 200 while it is away, and ok when it is back")
    func degraded() async throws {
        try await withCluster { cluster, connection in
            try await ServerDirectory.with { directory in
                try await ServerProcess.serving(
                    dataDirectory: directory + "/var", environment: ["DATABASE_URL": connection]
                ) { server, ready in
                    #expect(try await health(ready).body == #"{"status":"ok"}"#)
                    await cluster.kill()
                    _ = try await server.line { $0.contains("Postgres is away") }
                    let away = try await health(ready)
                    #expect(away.status == 200)
                    #expect(away.body == #"{"status":"degraded"}"#)
                    try await cluster.start()
                    _ = try await server.line { $0.contains("Postgres is back") }
                    #expect(try await health(ready).body == #"{"status":"ok"}"#)
                }
            }
        }
    }

    @Test("ops that a drain cannot store are spilled, and the next start stores them once, in order")
    func spill() async throws {
        try await withCluster { cluster, connection in
            try await ServerDirectory.with { directory in
                let environment = ["DATABASE_URL": connection, "DRAIN_SECONDS": "1"]
                let workout = WorkoutID.make()
                let sent = try await ServerProcess.serving(
                    dataDirectory: directory + "/var", environment: environment
                ) { server, ready in
                    let token = try await token(in: directory, connection)
                    let ops = try await lift(workout, on: ready.url, token: token) { await cluster.kill() }
                    server.send(SIGTERM)
                    #expect(await server.exit() == .status(0))
                    return ops
                }
                #expect(try spilled(directory).count == 1)
                try await cluster.start()
                try await ServerProcess.serving(
                    dataDirectory: directory + "/var", environment: environment
                ) { _, _ in
                    #expect(try spilled(directory).isEmpty)
                    let pool = PostgresPool(
                        configuration: try PostgresConfiguration(connection: connection), logger: .silent)
                    let stored = try await pool.query(
                        "select op_id from workout_events where workout_id = \(workout) order by seq", as: UUIDv7.self)
                    #expect(stored == sent)
                    await pool.close()
                }
            }
        }
    }

    private func spilled(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory + "/var/spill").filter { $0.hasSuffix(".ops") }
    }

    private func token(in directory: String, _ connection: String) async throws -> String {
        let seed = try ServerProcess(
            ["seed", "--users", "1"],
            environment: ["DATA_DIR": directory + "/var", "DATABASE_URL": connection, "LOG_LEVEL": "error"])
        let line = try await seed.line { $0.hasPrefix("{") }
        let account = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        return try #require(account?["token"])
    }

    /// Sends ops of which the second half is applied after `outage`; answers their ids in order.
    private func lift(
        _ workout: WorkoutID, on url: String, token: String, outage: @escaping @Sendable () async -> Void
    ) async throws -> [OpID] {
        let configuration = LiveConfiguration(
            server: try #require(ServerAddress(url)), client: ClientInfo(name: "test", version: "1"))
        let client = LiveClient(configuration, outbox: nil, logger: .silent) { _ in AccessToken(token) }
        return try await withThrowingTaskGroup(of: [OpID]?.self) { group in
            group.addTask {
                try await client.run()
                return nil
            }
            group.addTask {
                var ops = [try await client.submit(.start(WorkoutDetails(name: "Outage")), in: workout)]
                for _ in 0..<5 { ops.append(try await client.submit(.startRest(milliseconds: 60_000), in: workout)) }
                try await client.waitUntilSettled()
                await outage()
                for _ in 0..<20 { ops.append(try await client.submit(.startRest(milliseconds: 60_000), in: workout)) }
                for await event in client.events {
                    if case .op(let queued, .applied) = event, queued.op.id == ops.last { break }
                }
                return ops
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            return []
        }
    }
}
