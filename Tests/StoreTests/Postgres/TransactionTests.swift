import Store
import Synchronization
import TestKit
import Testing

@Suite("Transactions")
struct TransactionTests {
    private struct Refused: Error, Equatable {}

    @Test("what the body returns is committed, what it throws rolls back")
    func commitsAndRollsBack() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            let value = try await pool.transaction { connection in
                try connection.execute("insert into t values (1)")
                return try connection.query("select a from t", as: Int.self)
            }
            #expect(value == [1])
            await #expect(throws: Refused()) {
                try await pool.transaction { connection in
                    try connection.execute("insert into t values (2)")
                    throw Refused()
                }
            }
            #expect(try await pool.query("select a from t", as: Int.self) == [1])
        }
    }

    @Test("a body that passes over a failed statement does not get a commit")
    func passedOver() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int primary key)")
            let error = await #expect(throws: StoreError.self) {
                try await pool.transaction { connection in
                    try connection.execute("insert into t values (1)")
                    do { try connection.execute("insert into t values (1)") } catch {}
                }
            }
            guard case .server(sqlstate: "25P02", _) = error else { throw try #require(error) }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    @Test("a BEGIN left open is rolled back before the connection is lent again")
    func leftOpen() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            try await pool.with { connection in
                try connection.script("begin")
                try connection.execute("insert into t values (1)")
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    @Test("a transaction that lost against another runs again as often as allowed")
    func runsAgain() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let runs = Mutex(0)
            let body: @Sendable (isolated PostgresConnection) throws -> Int = { connection in
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run < 3 {
                    try connection.script("do $$ begin raise exception 'lost' using errcode = '40001'; end $$")
                }
                return run
            }
            #expect(try await database.pool.transaction(attempts: 3, body) == 3)
            runs.withLock { $0 = 0 }
            await #expect(throws: StoreError.serialization) {
                try await database.pool.transaction(attempts: 2, body)
            }
        }
    }

    @Test("a deadlock ends as a serialization failure of one of the two")
    func deadlock() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (id int primary key, n int)")
            try await pool.execute("insert into t values (1, 0), (2, 0)")
            @Sendable func swap(_ first: Int, _ second: Int) async throws {
                try await pool.transaction(attempts: 2) { connection in
                    try connection.execute("set local deadlock_timeout = '20ms'")
                    try connection.execute("update t set n = n + 1 where id = \(first)")
                    try connection.execute("select pg_sleep(0.05)")
                    try connection.execute("update t set n = n + 1 where id = \(second)")
                }
            }
            async let one: Void = swap(1, 2)
            async let other: Void = swap(2, 1)
            _ = try await (one, other)
            #expect(try await pool.query("select n from t order by id", as: Int.self) == [2, 2])
        }
    }

    @Test("an answer lost at COMMIT is told as unknown, whether it was committed or not")
    func lostAnswer() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.execute("create table t (a int)")
            let proxy = try PostgresFaultProxy(to: database.configuration)
            let pool = PostgresPool(configuration: proxy.configuration, logger: .silent)
            proxy.arm(.loseAnswer)
            await #expect(throws: StoreError.commitUnknown) {
                try await pool.transaction { try $0.execute("insert into t values (1)") }
            }
            #expect(try await database.pool.query("select a from t", as: Int.self) == [1])
            proxy.arm(.loseCommit)
            await #expect(throws: StoreError.commitUnknown) {
                try await pool.transaction { try $0.execute("insert into t values (2)") }
            }
            #expect(try await database.pool.query("select a from t", as: Int.self) == [1])
            try await pool.transaction { try $0.execute("insert into t values (3)") }
            #expect(try await database.pool.query("select a from t order by a", as: Int.self) == [1, 3])
            await pool.close()
            proxy.close()
        }
    }

    @Test("a backend killed inside COMMIT leaves the outcome unknown")
    func killedInCommit() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.with { connection in
                try connection.script(
                    """
                    create table t (a int);
                    create function die() returns trigger language plpgsql as
                        'begin perform pg_terminate_backend(pg_backend_pid()); return null; end';
                    create constraint trigger die after insert on t deferrable initially deferred
                        for each row execute function die();
                    """)
            }
            await #expect(throws: StoreError.commitUnknown) {
                try await pool.transaction { try $0.execute("insert into t values (1)") }
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    @Test("a deferred constraint that fails at COMMIT is a plain refusal")
    func refusedAtCommit() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int constraint once unique deferrable initially deferred)")
            await #expect(throws: StoreError.unique(constraint: "once")) {
                try await pool.transaction { try $0.execute("insert into t values (1), (1)") }
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }
}
