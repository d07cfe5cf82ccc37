import Store
import Synchronization

extension PostgresConnection {
    /// Returns when so many others wait for a lock on the table, which this transaction holds.
    package func waitForLocks(on table: String, count: Int) throws {
        let waiting: SQL = "select count(*) from pg_locks where relation = \(table)::regclass and not granted"
        while try first(waiting, as: Int.self) ?? 0 < count {}
    }
}

extension PostgresPool {
    /// Runs `body` while another transaction keeps what the statement locks.
    package func whileHolding(_ lock: SQL, _ body: () async throws -> Void) async throws {
        let held = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let isOver = Atomic(false)
        async let holder: Void = transaction { connection in
            defer { held.continuation.finish() }
            try connection.execute(lock)
            held.continuation.yield()
            while !isOver.load(ordering: .relaxed) { try connection.execute("select 1") }
        }
        for await _ in held.stream { break }
        do { try await body() } catch {
            isOver.store(true, ordering: .relaxed)
            throw error
        }
        isOver.store(true, ordering: .relaxed)
        try await holder
    }

    /// Returns when this many statements of this database wait for locks.
    package func untilWaiting(_ isReached: (Int) -> Bool) async throws {
        let waiting: SQL = """
            select count(*) from pg_locks l join pg_stat_activity a using (pid)
            where not l.granted and a.datname = current_database()
            """
        try await eventually { isReached(try await first(waiting, as: Int.self) ?? 0) }
    }
}

extension TestDatabase {
    /// Runs `body` while another transaction keeps what the statement locks.
    package func whileHolding(_ lock: SQL, _ body: () async throws -> Void) async throws {
        try await pool.whileHolding(lock, body)
    }
}
