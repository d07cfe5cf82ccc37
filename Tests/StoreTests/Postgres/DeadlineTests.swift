import Glibc
import Store
import Synchronization
import TestKit
import Testing

@Suite("Deadlines and cancellation")
struct DeadlineTests {
    /// Asked with a deadline of its own, since a test's short one is for the statement that has to meet it.
    private func backend(_ pool: PostgresPool) async throws -> Int {
        let pids = try await pool.transaction(deadline: Watchdog.patience) { connection in
            try connection.query("select pg_backend_pid()", as: Int.self)
        }
        return try #require(pids.first)
    }

    @Test("a statement that takes too long is stopped, and its connection is used again")
    func deadline() async throws {
        let adjust: @Sendable (inout PostgresConfiguration) -> Void = {
            $0.maxConnections = 1
            $0.statementDeadline = .milliseconds(150)
        }
        try await TestPostgres.withDatabase(isMigrated: false, adjust: adjust) { database async throws in
            let before = try await backend(database.pool)
            await #expect(throws: StoreError.deadline) { try await database.pool.execute("select pg_sleep(60)") }
            #expect(try await backend(database.pool) == before)
            let running = try await database.pool.transaction(deadline: Watchdog.patience) { connection in
                try connection.query(
                    """
                    select count(*) from pg_stat_activity
                    where datname = current_database() and wait_event = 'PgSleep'
                    """, as: Int.self)
            }
            #expect(running == [0])
        }
    }

    @Test("a server that does not even react to being told to stop costs its connection, not the caller's time")
    func frozen() async throws {
        let adjust: @Sendable (inout PostgresConfiguration) -> Void = {
            $0.maxConnections = 1
            $0.statementDeadline = .milliseconds(500)
            $0.stopGrace = .milliseconds(100)
        }
        try await TestPostgres.withDatabase(isMigrated: false, adjust: adjust) { database async throws in
            let pool = database.pool
            try await pool.transaction(deadline: Watchdog.patience) { try $0.execute("create table t (a int)") }
            let frozen = pid_t(try await backend(pool))
            // A server under another account, or on another machine, cannot be frozen from here.
            guard kill(frozen, SIGSTOP) == 0 else { return }
            await #expect(throws: StoreError.deadline) { try await pool.query("select 1", as: Int.self) }
            #expect(try await backend(pool) != Int(frozen))
            let next = pid_t(try await backend(pool))
            // Prepared before, so that the server is frozen under the insert itself.
            try await pool.transaction(deadline: Watchdog.patience) { try $0.execute("insert into t values (1)") }
            kill(next, SIGSTOP)
            await #expect(throws: StoreError.commitUnknown) { try await pool.execute("insert into t values (1)") }
            #expect(try await backend(pool) != Int(next))
            kill(frozen, SIGCONT)
            kill(next, SIGCONT)
        }
    }

    @Test("a transaction's deadline covers all its statements and rolls back")
    func transactionDeadline() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            await #expect(throws: StoreError.deadline) {
                try await pool.transaction(deadline: .milliseconds(200)) { connection in
                    try connection.execute("insert into t values (1)")
                    try connection.execute("select pg_sleep(60)")
                }
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    @Test("cancelling the task stops the statement on the server, and the connection is used again")
    func cancellation() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            let before = try await backend(pool)
            let watcher = PostgresPool(configuration: database.configuration, logger: .silent)
            let sleeper = Task { try await pool.execute("select pg_sleep(60)") }
            try await waitUntilAsleep(before, watcher)
            sleeper.cancel()
            await #expect(throws: StoreError.cancelled) { try await sleeper.value }
            #expect(try await backend(pool) == before)
            await watcher.close()
        }
    }

    @Test("a cancelled task's transaction is rolled back")
    func cancelledTransaction() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            let before = try await backend(pool)
            let watcher = PostgresPool(configuration: database.configuration, logger: .silent)
            let writer = Task {
                try await pool.transaction { connection in
                    try connection.execute("insert into t values (1)")
                    try connection.execute("select pg_sleep(60)")
                }
            }
            try await waitUntilAsleep(before, watcher)
            writer.cancel()
            await #expect(throws: StoreError.cancelled) { try await writer.value }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
            #expect(try await backend(pool) == before)
            await watcher.close()
        }
    }

    @Test("a task that is cancelled already runs nothing")
    func cancelledBefore() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            let gate = Gate()
            let writer = Task {
                await gate.wait()
                try await pool.execute("insert into t values (1)")
            }
            writer.cancel()
            gate.open()
            await #expect(throws: StoreError.cancelled) { try await writer.value }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    /// Returns when the backend runs pg_sleep; the server tells, by a lock-free look at its activity.
    private func waitUntilAsleep(_ pid: Int, _ pool: PostgresPool) async throws {
        while true {
            let asleep = try await pool.query(
                "select count(*) from pg_stat_activity where pid = \(pid) and wait_event = 'PgSleep'", as: Int.self)
            if asleep == [1] { return }
            await Task.yield()
        }
    }
}

/// Lets a task wait until a test says go.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
