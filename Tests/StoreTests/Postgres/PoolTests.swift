import Logging
import ServiceLifecycle
import Store
import TestKit
import Testing

@Suite("Pool")
struct PoolTests {
    @Test("no more connections are opened than allowed, and all who wait are served")
    func bounded() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 3 }) {
            database async throws in
            let pool = database.pool
            let pids = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await pool.query("select pg_backend_pid()", as: Int.self)[0] }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(pids.count == 200 && Set(pids).count <= 3)
        }
    }

    @Test("who waits too long for a connection, or finds the line full, is told to come later")
    func waiting() async throws {
        let adjust: @Sendable (inout PostgresConfiguration) -> Void = {
            $0.maxConnections = 1
            $0.maxWaiters = 1
            $0.leaseTimeout = .seconds(1)
        }
        try await TestPostgres.withDatabase(isMigrated: false, adjust: adjust) { database async throws in
            let pool = database.pool
            let entered = Gate()
            let holder = Task {
                try await pool.with { connection in
                    entered.open()
                    try connection.execute("select pg_sleep(60)")
                }
            }
            await entered.wait()
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do throws(StoreError) {
                            try await pool.execute("select 1")
                            return "served"
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                var answers: Set<String> = []
                for await answer in group { answers.insert(answer) }
                #expect(
                    answers == [
                        "Postgres is unavailable: too many wait for a connection",
                        "Postgres is unavailable: no connection became free in time",
                    ])
            }
            holder.cancel()
            await #expect(throws: StoreError.cancelled) { try await holder.value }
        }
    }

    @Test("a task cancelled in line leaves it at once and the next is served")
    func cancelledInLine() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            let entered = Gate()
            let holder = Task {
                try await pool.with { connection in
                    entered.open()
                    try connection.execute("select pg_sleep(60)")
                }
            }
            await entered.wait()
            let waiter = Task { try await pool.execute("select 1") }
            waiter.cancel()
            await #expect(throws: StoreError.cancelled) { try await waiter.value }
            holder.cancel()
            await #expect(throws: StoreError.cancelled) { try await holder.value }
            #expect(try await pool.query("select 1", as: Int.self) == [1])
        }
    }

    @Test("connections that the server closed while idle are replaced unnoticed")
    func killedIdle() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 2 }) {
            database async throws in
            let pool = database.pool
            #expect(try await pool.query("select 1", as: Int.self) == [1])
            try await terminateAll(of: database)
            #expect(try await pool.query("select 1", as: Int.self) == [1])
        }
    }

    @Test("a backend killed under a statement fails that one only")
    func killedBusy() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            let error = await #expect(throws: StoreError.self) {
                try await pool.query("select pg_terminate_backend(pg_backend_pid()), 1", as: (Bool, Int).self)
            }
            guard case .unavailable = error else { throw try #require(error) }
            #expect(try await pool.query("select 1", as: Int.self) == [1])
            try await pool.execute("create table t (a int)")
            await #expect(throws: StoreError.commitUnknown) {
                try await pool.execute(
                    "insert into t select 1 from (select pg_terminate_backend(pg_backend_pid())) as killed")
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    @Test("no server, no such database and no such user are unavailable, with the reason")
    func unreachable() async throws {
        let server = try await TestPostgres.server
        let wrong = [
            server.host("/nonexistent"), server.database("nowhere"),
            try PostgresConfiguration(connection: server.connection + " user=stranger"),
        ]
        for (configuration, reason) in zip(wrong, ["/nonexistent", "nowhere", "stranger"]) {
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            let error = await #expect(throws: StoreError.self) { try await pool.execute("select 1") }
            guard case .unavailable(let message) = error else { throw try #require(error) }
            #expect(message.contains(reason))
            await pool.close()
        }
    }

    @Test("commits wait for the disk even where the database is set up otherwise")
    func synchronousCommit() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.with {
                try $0.script("alter database \(database.name) set synchronous_commit = off")
            }
            let pool = PostgresPool(configuration: database.configuration, logger: .silent)
            let setting = try await pool.query("select current_setting('synchronous_commit')", as: String.self)
            #expect(setting == ["on"])
            await pool.close()
        }
    }

    @Test("closing refuses who comes later and waits for who is inside")
    func closing() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            let entered = Gate()
            let writer = Task {
                try await pool.transaction { connection in
                    entered.open()
                    try connection.execute("select pg_sleep(0.1)")
                    try connection.execute("insert into t values (1)")
                }
            }
            await entered.wait()
            await pool.close()
            try await writer.value
            await #expect(throws: StoreError.unavailable("the pool is closed")) { try await pool.execute("select 1") }
            let other = PostgresPool(configuration: database.configuration, logger: .silent)
            #expect(try await other.query("select a from t", as: Int.self) == [1])
            await other.close()
        }
    }

    @Test("run ends, closed, at graceful shutdown")
    func service() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            let group = ServiceGroup(services: [pool], logger: .silent)
            let running = Task { try await group.run() }
            #expect(try await pool.query("select 1", as: Int.self) == [1])
            await group.triggerGracefulShutdown()
            try await running.value
            await #expect(throws: StoreError.unavailable("the pool is closed")) { try await pool.execute("select 1") }
        }
    }

    private func terminateAll(of database: TestDatabase) async throws {
        let server = PostgresPool(configuration: try await TestPostgres.server, logger: .silent)
        // Returns once they are gone.
        try await server.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = \(database.name)")
        await server.close()
    }
}
