import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Store
import TestKit
import Testing

@Suite("Private cluster", .serialized)
struct LocalClusterTests {
    @Test("made, used, stopped and started again it has kept its rows, in a directory closed to others")
    func lifecycle() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch + "/var")
            let connection = try await cluster.start()
            try await run("create table t (a int); insert into t values (1)", connection)
            #expect(await cluster.location == scratch + "/var/postgres")
            var status = stat()
            #expect(stat(scratch + "/var/postgres", &status) == 0 && status.st_mode & 0o777 == 0o700)
            await cluster.stop()
            await #expect(throws: StoreError.self) { try await run("select 1", connection) }
            let again = try makeCluster(scratch + "/var")
            #expect(try await again.start() == connection)
            #expect(try await count(connection) == 1)
            await again.stop()
        }
    }

    @Test("it listens on no port and commits wait for the disk")
    func settings() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch)
            let pool = PostgresPool(
                configuration: try PostgresConfiguration(connection: try await cluster.start()), logger: .silent)
            let settings = try await pool.query(
                """
                select current_setting('listen_addresses'), current_setting('fsync'),
                    current_setting('synchronous_commit'), current_setting('server_encoding'), lower('ÜBUNG')
                """, as: (String, String, String, String, String).self)
            let row = try #require(settings.first)
            #expect(row == ("", "on", "on", "UTF8", "übung"))
            await pool.close()
            await cluster.stop()
        }
    }

    @Test("a second process of ours uses the server that runs, and does not stop it")
    func shared() async throws {
        try await withScratch { scratch async throws in
            let first = try makeCluster(scratch)
            let second = try makeCluster(scratch)
            let connection = try await first.start()
            #expect(try await second.start() == connection)
            #expect(await second.processID == nil)
            await second.stop()
            try await run("select 1", connection)
            await first.stop()
        }
    }

    @Test("while run is under way a killed server is started again, with what was committed")
    func restarts() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch)
            let connection = try await cluster.start()
            try await run("create table t (a int); insert into t values (1)", connection)
            let group = ServiceGroup(services: [cluster], logger: .silent)
            let running = Task { try await group.run() }
            for round in 1...2 {
                let pid = try #require(await cluster.processID)
                kill(pid, SIGKILL)
                while await cluster.processID == pid { await Task.yield() }
                try await untilServed { try await run("insert into t values (\(round))", connection) }
            }
            #expect(try await count(connection) == 3)
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(await cluster.processID == nil)
            await #expect(throws: StoreError.self) { try await run("select 1", connection) }
        }
    }

    @Test("the server stops when the thread that started it ends, as with a killed process, and the next start waits")
    func parentGone() async throws {
        try await withScratch { scratch async throws in
            var cluster: LocalCluster? = try makeCluster(scratch)
            let connection = try #require(try await cluster?.start())
            try await run("create table t (a int); insert into t values (1)", connection)
            // What a process killed with -9 leaves: a server whose parent, by number and start, is no more.
            try "2147483646 1\n".write(toFile: scratch + "/postgres/fitai.parent", atomically: false, encoding: .utf8)
            let pid = try #require(await cluster?.processID)
            cluster = nil
            let next = try makeCluster(scratch)
            #expect(try await next.start() == connection)
            #expect(kill(pid, 0) != 0)
            #expect(try await count(connection) == 1)
            await next.stop()
        }
    }

    @Test("a pid file that names a zombie, or a stranger, does not stop the start")
    func stalePidFile() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch)
            let connection = try await cluster.start()
            try await run("create table t (a int); insert into t values (1)", connection)
            await cluster.crash()
            let pidFile = scratch + "/postgres/postmaster.pid"
            let rest = try String(contentsOfFile: pidFile, encoding: .utf8).drop { $0 != "\n" }
            let zombie = try makeZombie()
            for pid in [zombie, getpid()] {
                try ("\(pid)" + rest).write(toFile: pidFile, atomically: false, encoding: .utf8)
                #expect(try await cluster.start() == connection)
                #expect(try await count(connection) == 1)
                await cluster.crash()
            }
            waitpid(zombie, nil, 0)
        }
    }

    @Test("lock files that name a living stranger do not stop the start, not even one that works in the directory")
    func staleLockFiles() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch)
            let connection = try await cluster.start()
            try await run("create table t (a int); insert into t values (1)", connection)
            let files = ["postmaster.pid", ".s.PGSQL.5432.lock"].map { scratch + "/postgres/" + $0 }
            let rest = try files.map { try String(contentsOfFile: $0, encoding: .utf8).drop { $0 != "\n" } }
            await cluster.crash()
            let stranger = Process()
            stranger.executableURL = URL(filePath: "/bin/sleep")
            stranger.arguments = ["600"]
            stranger.currentDirectoryURL = URL(filePath: scratch + "/postgres")
            try stranger.run()
            defer { stranger.terminate() }
            for named in [files, [files[0]], [files[1]]] {
                for (file, text) in zip(files, rest) where named.contains(file) {
                    try ("\(stranger.processIdentifier)" + text).write(toFile: file, atomically: false, encoding: .utf8)
                }
                #expect(try await cluster.start() == connection)
                #expect(try await count(connection) == 1)
                await cluster.crash()
            }
        }
    }

    @Test("a long path puts the socket in a short directory of our own")
    func longPath() async throws {
        try await withScratch { scratch async throws in
            let long = scratch + "/" + String(repeating: "long-directory-name-", count: 6) + "'quoted"
            let cluster = try makeCluster(long)
            let connection = try await cluster.start()
            #expect(!connection.contains("long-directory"))
            try await run("select 1", connection)
            await cluster.stop()
        }
    }

    @Test("a path with blanks and quotes works")
    func oddPath() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch + "/a b,'c\" d")
            try await run("select 1", try await cluster.start())
            await cluster.stop()
        }
    }

    @Test("data of another major version is refused with both versions named")
    func otherVersion() async throws {
        try await withScratch { scratch async throws in
            let cluster = try makeCluster(scratch)
            _ = try await cluster.start()
            await cluster.stop()
            try "9\n".write(toFile: scratch + "/postgres/PG_VERSION", atomically: false, encoding: .utf8)
            let error = await #expect(throws: LocalClusterError.self) { try await cluster.start() }
            guard case .otherVersion(scratch + "/postgres", "9", let installed) = error else {
                throw try #require(error)
            }
            #expect("\(try #require(error))".contains("postgresql-9"))
            #expect(Int(installed) != nil)
        }
    }

    @Test("a machine without Postgres is told what to install")
    func noBinaries() async throws {
        try await withScratch { scratch async throws in
            let cluster = try LocalCluster(
                dataDirectory: scratch, environment: [:], searchPath: ["/nonexistent"], logger: .silent)
            let error = await #expect(throws: LocalClusterError.self) { try await cluster.start() }
            #expect("\(try #require(error))".contains("apt-get install postgresql"))
        }
    }

    @Test("a directory that holds something else is left alone")
    func somethingElse() async throws {
        try await withScratch { scratch async throws in
            try FileManager.default.createDirectory(atPath: scratch + "/postgres", withIntermediateDirectories: true)
            try "mine".write(toFile: scratch + "/postgres/note", atomically: false, encoding: .utf8)
            let cluster = try makeCluster(scratch)
            await #expect(throws: LocalClusterError.self) { try await cluster.start() }
            #expect(try String(contentsOfFile: scratch + "/postgres/note", encoding: .utf8) == "mine")
        }
    }

    @Test("what a killed initdb left behind does not matter")
    func halfMade() async throws {
        try await withScratch { scratch async throws in
            try FileManager.default.createDirectory(
                atPath: scratch + "/postgres.new/base", withIntermediateDirectories: true)
            let cluster = try makeCluster(scratch)
            try await run("select 1", try await cluster.start())
            await cluster.stop()
        }
    }

    @Test(
        "under a directory closed to Postgres's account the data goes elsewhere, and stays there",
        .enabled(if: geteuid() == 0))
    func closedParent() async throws {
        try await withScratch { scratch async throws in
            let closed = scratch + "/closed"
            #expect(mkdir(closed, 0o700) == 0)
            func cluster() throws -> LocalCluster {
                try LocalCluster(
                    dataDirectory: closed + "/var", environment: [:], fallbackRoot: scratch + "/fallback",
                    logger: .silent)
            }
            let first = try cluster()
            let connection = try await first.start()
            try await run("create table t (a int); insert into t values (1)", connection)
            let location = try #require(await first.location)
            #expect(location.hasPrefix(scratch + "/fallback/fitai-"))
            #expect(await first.notice?.contains(closed) == true)
            await first.stop()
            // Opened later, the directory is reachable, but the data is where it was.
            chmod(closed, 0o755)
            let second = try cluster()
            #expect(try await second.start() == connection)
            #expect(try await count(connection) == 1)
            await second.stop()
        }
    }
}

extension LocalClusterTests {
    private func makeCluster(_ directory: String) throws -> LocalCluster {
        try LocalCluster(dataDirectory: directory, environment: [:], logger: .silent)
    }

    private func withScratch(_ body: (String) async throws -> Void) async throws {
        let scratch = "/tmp/fitai-test-\(getpid())-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { Files.removeAll(scratch) }
        try await body(scratch)
    }

    private func run(_ script: String, _ connection: String) async throws {
        try await PostgresConnection.once(try PostgresConfiguration(connection: connection), logger: .silent) {
            try $0.script(script)
        }
    }

    private func count(_ connection: String) async throws -> Int? {
        try await PostgresConnection.once(try PostgresConfiguration(connection: connection), logger: .silent) {
            try $0.query("select count(*) from t", as: Int.self).first
        }
    }

    /// Tries until the server takes connections again.
    private func untilServed(_ body: () async throws -> Void) async throws {
        while true {
            do {
                return try await body()
            } catch StoreError.unavailable {
                await Task.yield()
            }
        }
    }

    /// A process that has ended and that nobody has waited for yet.
    private func makeZombie() throws -> pid_t {
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil) == 0)
        var information = siginfo_t()
        try #require(waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == 0)
        return pid
    }
}
