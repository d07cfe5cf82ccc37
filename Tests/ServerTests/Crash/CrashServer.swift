import Glibc
import NIOCore
import NIOPosix
import TestKit

/// A server that is started again after each kill, on the same port and data directory.
actor CrashServer {
    let port: Int
    private let environment: [String: String]
    private var process: ServerProcess?

    init(dataDirectory: String, database: String) async throws {
        port = try await Self.freePort()
        environment = [
            "PORT": "\(port)", "OPS_PORT": "0", "DATA_DIR": dataDirectory, "DATABASE_URL": database,
            "OPS_PER_SECOND": "100000", "OPS_BURST": "1000000", "CONNECTIONS_PER_USER": "1000",
        ]
    }

    /// Starts it and returns when it serves.
    func start() async throws {
        let process = try ServerProcess(environment: environment)
        self.process = process
        _ = try await process.ready()
    }

    /// Starts it and kills it on its way up, after its first word.
    func startAndKill() async throws {
        let process = try ServerProcess(environment: environment)
        _ = try await process.line { _ in true }
        await process.kill()
    }

    func kill() async { await process?.kill() }

    /// The last lines of its log.
    var log: [String] { Array(process?.lines.suffix(20) ?? []) }

    /// A port that stays free while the server is down: below those that the system gives to connections.
    private static func freePort() async throws -> Int {
        while true {
            let port = Int.random(in: 12_000..<32_000)
            do {
                let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .bind(host: "127.0.0.1", port: port).get()
                try await channel.close()
                return port
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                continue
            }
        }
    }
}
