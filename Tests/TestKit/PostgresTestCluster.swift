import Glibc
import Logging
import Protocol
import Store

/// A private Postgres of a test process, in a directory of its own under /tmp.
///
/// The server stops with the test process, however that ends; the directory is removed by `remove`, or by the next
/// test process that finds its owner gone.
package actor TestCluster {
    private static let prefix = "fitai-test-"

    private let cluster: LocalCluster
    private let directory: String
    private var connection: String?

    /// With `isDurable` false the server does not wait for the disk: a `kill -9` loses nothing, a power cut would.
    package init(isDurable: Bool = false) throws {
        Self.removeAbandoned()
        directory = "/tmp/\(Self.prefix)\(getpid())-\(UUIDv7.make())"
        let fast = isDurable ? [] : ["fsync=off", "full_page_writes=off"]
        cluster = try LocalCluster(
            dataDirectory: directory, environment: [:],
            settings: fast + ["max_connections=400", "wal_level=minimal", "max_wal_senders=0"],
            logger: .silent)
    }

    /// Starts the server, or starts it again after `kill`, and answers the text to connect with.
    @discardableResult
    package func start() async throws -> String {
        let connection = try await cluster.start()
        self.connection = connection
        return connection
    }

    /// Kills the server as a crash does and returns once it is gone.
    package func kill() async {
        await cluster.crash()
    }

    /// Stops the server and removes its data.
    package func remove() async {
        await cluster.stop()
        Files.removeAll(directory)
    }

    private static func removeAbandoned() {
        for name in Files.names(in: "/tmp") where name.hasPrefix(prefix) {
            let owner = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" })
            if let owner, Glibc.kill(owner, 0) != 0, errno == ESRCH { Files.removeAll("/tmp/\(name)") }
        }
    }
}

extension Logger {
    /// Says nothing.
    package static var silent: Logger {
        Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    }
}
