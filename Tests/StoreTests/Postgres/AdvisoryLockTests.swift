import Glibc
import Protocol
import TestKit
import Testing

@testable import Store

@Suite("Advisory lock")
struct AdvisoryLockTests {
    private static let key: Int64 = -0x1234_5678_9abc

    @Test("a second taker is told who holds it; after release it is free")
    func exclusive() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.applicationName = "node one" }) {
            database async throws in
            let first = try await take(database)
            let error = await #expect(throws: AdvisoryLock.Held.self) { try await take(database) }
            #expect(error?.holder.contains("node one on this machine") == true)
            await first.release()
            let second = try await take(database)
            await second.release()
        }
    }

    @Test("a lock whose connection is killed is taken again")
    func takenAgain() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let lock = try await take(database)
            let running = Task { try await lock.run() }
            let before = try await holder(database)
            try await database.pool.execute("select pg_terminate_backend(\(before), 5000)")
            var after = before
            while after == before { after = try await holder(database) }
            running.cancel()
            try await running.value
            let next = try await take(database)
            await next.release()
        }
    }

    @Test("a lock that another has taken meanwhile ends the run")
    func lostToAnother() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let lock = try await take(database)
            let pool = database.pool
            // The second session stands in line, so that it has the lock the moment the first is killed.
            let waiting = Task {
                try await pool.with { connection in
                    try connection.execute("select pg_advisory_lock(\(Self.key))")
                    try connection.execute("select pg_sleep(60)")
                }
            }
            try await waitForQueue(database)
            let running = Task { try await lock.run() }
            try await database.pool.execute("select pg_terminate_backend(\(try await holder(database)), 5000)")
            await #expect(throws: AdvisoryLock.Held.self) { try await running.value }
            waiting.cancel()
            await #expect(throws: StoreError.cancelled) { try await waiting.value }
        }
    }

    @Test("a session of ours that the server does not know to be dead is ended, and the lock taken again")
    func ownGhost() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let proxy = try PostgresFaultProxy(to: database.configuration)
            defer { proxy.close() }
            let lock = try await take(proxy.configuration)
            let running = Task { try await lock.run() }
            for _ in 0..<3 {
                let before = try await holder(database)
                proxy.loseClients()
                var after = before
                while after == before { after = try await holder(database) }
            }
            running.cancel()
            try await running.value
            let next = try await take(database.configuration)
            await next.release()
        }
    }

    @Test("the next process of a data directory ends the session of the dead one; one of another directory does not")
    func formerGhost() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let file = "/tmp/fitai-test-\(getpid())-sessions-\(UUIDv7.make())"
            defer { Files.removeAll(file) }
            let proxy = try PostgresFaultProxy(to: database.configuration)
            defer { proxy.close() }
            let dead = try await take(proxy.configuration, Nonces(file: file))
            proxy.loseClients()
            await dead.release()
            await #expect(throws: AdvisoryLock.Held.self) { try await take(database.configuration) }
            // Starts that came to nothing in between have not forgotten it.
            for _ in 0..<3 { _ = try Nonces(file: file) }
            let next = try await take(database.configuration, Nonces(file: file))
            await next.release()
        }
    }

    @Test("a copy of a data directory ends no session of the process that uses the first one")
    func copiedDirectory() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let home = "/tmp/fitai-test-\(getpid())-sessions-\(UUIDv7.make())"
            defer { Files.removeAll(home) }
            for name in ["first", "copy"] { try Files.makeDirectories("\(home)/\(name)") }
            let live = try await take(database.configuration, Nonces(file: "\(home)/first/sessions"))
            let copied = try #require(Files.read("\(home)/first/sessions"))
            try Files.write(copied, to: "\(home)/copy/sessions")
            await #expect(throws: AdvisoryLock.Held.self) {
                try await take(database.configuration, Nonces(file: "\(home)/copy/sessions"))
            }
            await live.release()
        }
    }

    @Test("a holder that lets go within our patience is waited for")
    func patience() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let first = try await take(database.configuration)
            let second = Task { try await take(database.configuration, patience: .seconds(600)) }
            let tries: SQL = "select count(*) from pg_stat_activity where application_name like 'fitai n-%'"
            // The second one has looked when its session is there beside the first one's.
            while try await database.pool.first(tries, as: Int.self) != 2 {}
            await first.release()
            await (try await second.value).release()
        }
    }

    private func take(
        _ configuration: PostgresConfiguration, _ nonces: Nonces = Nonces(), patience: Duration = .zero
    ) async throws -> AdvisoryLock {
        try await AdvisoryLock.take(
            AdvisoryLock.Settings(key: Self.key, nonces: nonces, patience: patience), configuration: configuration,
            logger: .silent)
    }

    private func take(_ database: TestDatabase) async throws -> AdvisoryLock {
        try await take(database.configuration)
    }

    /// The backend that holds the lock; waits until there is one.
    private func holder(_ database: TestDatabase) async throws -> Int32 {
        while true {
            let pids = try await database.pool.query(
                """
                select pid from pg_locks where locktype = 'advisory' and granted
                    and database = (select oid from pg_database where datname = current_database())
                """, as: Int32.self)
            if let pid = pids.first { return pid }
        }
    }

    private func waitForQueue(_ database: TestDatabase) async throws {
        while true {
            let waiting = try await database.pool.query(
                """
                select count(*) from pg_locks where locktype = 'advisory' and not granted
                    and database = (select oid from pg_database where datname = current_database())
                """, as: Int.self)
            if waiting == [1] { return }
        }
    }
}
