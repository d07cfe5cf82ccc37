import Store
import TestKit
import Testing

@Suite("A pool that is abandoned", .timeLimit(.minutes(5)))
struct AbandonTests {
    private static let lock: SQL = "select pg_advisory_xact_lock(52)"

    @Test("a statement that waits is stopped on the server, and nothing is lent any more")
    func stops() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = PostgresPool(configuration: database.configuration, logger: .silent)
            try await database.pool.whileHolding(Self.lock) {
                let waiting = Task { try await pool.execute(Self.lock) }
                try await database.pool.untilWaiting { $0 == 1 }
                pool.abandon()
                await #expect(throws: StoreError.cancelled) { try await waiting.value }
                try await database.pool.untilWaiting { $0 == 0 }
            }
            await #expect(throws: StoreError.self) { try await pool.query("select 1", as: Int.self) }
            await pool.close()
        }
    }

    @Test("a COMMIT that was sent is never stopped nor given up, however long it takes: it is told as what it becomes")
    func commit() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.with { connection in
                try connection.script(
                    """
                    create table t (a int);
                    create function wait() returns trigger language plpgsql as
                        'begin perform pg_advisory_xact_lock(52); return null; end';
                    create constraint trigger wait after insert on t deferrable initially deferred
                        for each row execute function wait();
                    """)
            }
            let proxies = try (0..<2).map { _ in try PostgresFaultProxy(to: database.configuration) }
            let pools = proxies.map { PostgresPool(configuration: $0.configuration, logger: .silent) }
            let isHeld = Gate()
            let committing = Task {
                await isHeld.wait()
                try await pools[0].transaction { try $0.execute("insert into t values (1)") }
            }
            try await database.pool.whileHolding(Self.lock) {
                isHeld.open()
                try await database.pool.untilWaiting { $0 == 1 }
                let hanging = Task { try await pools[1].execute(Self.lock) }
                try await database.pool.untilWaiting { $0 == 2 }
                proxies[1].hang()
                for pool in pools { pool.abandon() }
                // It takes as long as is given to what does not even stop; the COMMIT is given more.
                await #expect(throws: StoreError.cancelled) { try await hanging.value }
                #expect(proxies[0].cancelRequests == 0)
                proxies[1].resume()
            }
            try await committing.value
            #expect(try await database.pool.query("select a from t", as: Int.self) == [1])
            for pool in pools { await pool.close() }
            for proxy in proxies { proxy.close() }
        }
    }
}
