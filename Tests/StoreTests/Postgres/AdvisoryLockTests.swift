import Store
import TestKit
import Testing

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

    private func take(_ database: TestDatabase) async throws -> AdvisoryLock {
        try await AdvisoryLock.take(Self.key, configuration: database.configuration, logger: .silent)
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
