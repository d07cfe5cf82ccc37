import Glibc
import Logging
import Protocol
import Store

/// A private Postgres of a test process, in a directory of its own: in memory where there is room, else under /tmp.
///
/// A test's database is a thousand files that live for a second. Without a journal ext4 passes over every inode that was
/// freed a moment ago before it gives one out, which took more time than all that the tests themselves do.
///
/// The server stops with the test process, however that ends; the directory is removed by `remove`, or by the next
/// test process that finds its owner gone.
package actor TestCluster {
    private static let prefix = "fitai-test-"
    private static let memory = "/dev/shm"
    private static let disk = "/tmp"
    /// Several times what a whole run takes.
    private static let roomBytes: UInt64 = 2 << 30

    private let cluster: LocalCluster
    private let directory: String
    private var connection: String?

    /// With `isDurable` false the server does not wait for the disk: a `kill -9` loses nothing, a power cut would.
    /// `settings` (`name=value`) come last and win.
    package init(isDurable: Bool = false, settings: [String] = []) throws {
        Self.removeAbandoned()
        let home = !isDurable && Self.freeBytes(in: Self.memory) >= Self.roomBytes ? Self.memory : Self.disk
        directory = "\(home)/\(Self.prefix)\(getpid())-\(UUIDv7.make())"
        let fast = isDurable ? [] : ["fsync=off", "full_page_writes=off", "max_wal_size=256MB"]
        cluster = try LocalCluster(
            dataDirectory: directory, environment: [:],
            // Statistics, and the plans made by them, are not to depend on when a test runs.
            settings: fast + ["max_connections=400", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off"]
                + settings,
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
        for home in [memory, disk] {
            for name in Files.names(in: home) where name.hasPrefix(prefix) {
                let owner = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" })
                if let owner, Glibc.kill(owner, 0) != 0, errno == ESRCH { Files.removeAll("\(home)/\(name)") }
            }
        }
    }

    /// What a file system has left; nothing where there is none.
    private static func freeBytes(in directory: String) -> UInt64 {
        var found = statvfs()
        guard statvfs(directory, &found) == 0 else { return 0 }
        return UInt64(found.f_bavail) * UInt64(found.f_frsize)
    }
}

extension Logger {
    /// Says nothing.
    package static var silent: Logger {
        Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    }
}
