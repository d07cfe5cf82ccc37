import Foundation
import FoundationNetworking
import Glibc
import Protocol
import Store
import Synchronization
import TestKit
import Testing

/// A server on a Postgres of its own, behind a proxy, with one athlete who lifts; then the check that Postgres holds
/// exactly what was acknowledged, once and in order.
final class GroundDrill: Sendable {
    let cluster: TestCluster
    let proxy: PostgresFaultProxy
    private let connection: String
    private let directory: String
    private let environment: [String: String]
    private let state = Mutex(State())

    private struct State {
        var ready: ServerProcess.Ready?
        var lift: DrillLift?
    }

    private init(
        _ cluster: TestCluster, _ connection: String, _ proxy: PostgresFaultProxy, directory: String,
        environment: [String: String]
    ) {
        self.cluster = cluster
        self.connection = connection
        self.proxy = proxy
        self.directory = directory
        // The drills send at once what an athlete sends in an hour.
        let own = [
            "DATABASE_URL": proxy.configuration.connection, "OPS_PER_SECOND": "100000", "OPS_BURST": "1000000",
        ]
        self.environment = environment.merging(own) { $1 }
    }

    /// - Parameter tmpfsMegabytes: gives the data directory a disk of this size, which can be filled.
    static func run(
        _ environment: [String: String], tmpfsMegabytes: Int? = nil, _ body: (GroundDrill) async throws -> Void
    ) async throws {
        let cluster = try TestCluster()
        do {
            let connection = try await cluster.start()
            let proxy = try PostgresFaultProxy(to: try PostgresConfiguration(connection: connection))
            defer { proxy.close() }
            try await ServerDirectory.with { directory in
                let data = directory + "/var"
                try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
                if let tmpfsMegabytes { try Tmpfs.mount(data, megabytes: tmpfsMegabytes) }
                defer { if tmpfsMegabytes != nil { Tmpfs.unmount(data) } }
                try await body(
                    GroundDrill(cluster, connection, proxy, directory: directory, environment: environment))
            }
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    /// The way to Postgres around the proxy.
    var direct: PostgresConfiguration { get throws { try PostgresConfiguration(connection: connection) } }

    func serving(_ body: @escaping @Sendable (ServerProcess, DrillLift) async throws -> Void) async throws {
        try await ServerProcess.serving(dataDirectory: directory + "/var", environment: environment) { server, ready in
            let lift = try await DrillLift.begin(on: ready.url, token: try await self.token())
            self.state.withLock {
                $0.ready = ready
                $0.lift = lift
            }
            try await body(server, lift)
        }
    }

    private func token() async throws -> String {
        let seed = try ServerProcess(
            ["seed", "--users", "1"],
            environment: [
                "DATA_DIR": directory + "/var", "DATABASE_URL": connection, "LOG_LEVEL": "error",
            ])
        let line = try await seed.line { $0.hasPrefix("{") }
        let account = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        return try #require(account?["token"])
    }

    /// Starts the server again and expects in Postgres what was acknowledged, in order, and in the spill nothing.
    ///
    /// - Parameter onlyDurable: where what was not durable is known to be lost.
    func checkAfterRestart(onlyDurable: Bool = false) async throws {
        let lift = try #require(state.withLock { $0.lift })
        try await ServerProcess.serving(dataDirectory: directory + "/var", environment: environment) { _, _ in
            #expect(try self.spilled() == 0)
            let pool = PostgresPool(configuration: try self.direct, logger: .silent)
            let stored = try await pool.query(
                "select op_id from workout_events where workout_id = \(lift.workout) order by seq", as: UUIDv7.self)
            let acknowledged = await lift.acknowledged
            #expect(stored == (onlyDurable ? Array(acknowledged.prefix(await lift.durableCount)) : acknowledged))
            #expect(try await pool.first("select count(*) from dead_letters", as: Int.self) == 0)
            await pool.close()
        }
    }

    /// How many files of kept ops there are.
    func spilled() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: directory + "/var/spill").filter { $0.hasSuffix(".ops") }
            .count
    }

    func removeReserve() throws { try FileManager.default.removeItem(atPath: directory + "/var/spill/reserve") }

    func fillDisk() throws {
        let file = open(directory + "/var/filler", O_WRONLY | O_CREAT, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(file, bytes, bytes.count) > 0 {}
        #expect(errno == ENOSPC)
    }

    func emptyDisk() throws { try FileManager.default.removeItem(atPath: directory + "/var/filler") }

    func health() async throws -> String {
        try await get(try #require(state.withLock { $0.ready }).url + "/v1/health")
    }

    func metric(_ name: String) async throws -> Double {
        let text = try await get(try #require(state.withLock { $0.ready }).operationsURL + "/metrics")
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return try #require(line?.split(separator: " ").last.flatMap { Double($0) })
    }

    private func get(_ url: String) async throws -> String {
        let request = URLRequest(url: try #require(URL(string: url)), cachePolicy: .reloadIgnoringLocalCacheData)
        return String(decoding: try await URLSession.shared.data(for: request).0, as: UTF8.self)
    }

    /// Holds the log's own times against what was promised. The margin is the machine's: what it would show are the waits
    /// for a statement, of an hour in such drills, and for one that does not stop, of five seconds.
    static func expectWithin(seconds: Double, _ server: ServerProcess) throws {
        let times = try server.lines.map { line in
            let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let time = try #require(entry?["ts"] as? String)
            return (try #require(entry?["message"] as? String), try #require(Timestamp(rfc3339: time)))
        }
        let begin = try #require(times.first { $0.0 == "draining" }).1
        let last = try #require(times.last).1
        #expect(last <= begin + .milliseconds(Int64(seconds * 1000) + 4000))
    }
}

/// A small disk that a test may fill.
enum Tmpfs {
    static let reason: Comment = "needs root and the right to mount a tmpfs"

    /// Whether this machine lets us mount one.
    static let works: Bool = {
        let path = "/tmp/fitai-test-\(getpid())-tmpfs"
        guard geteuid() == 0, mkdir(path, 0o700) == 0 else { return false }
        defer { rmdir(path) }
        guard Glibc.mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
        unmount(path)
        return true
    }()

    static func mount(_ path: String, megabytes: Int) throws {
        try #require(Glibc.mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0)
    }

    static func unmount(_ path: String) { umount2(path, Int32(MNT_DETACH)) }
}
