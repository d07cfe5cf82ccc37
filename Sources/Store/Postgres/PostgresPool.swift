import Logging
import ServiceLifecycle
import Synchronization

/// Connections to Postgres that are lent one task at a time.
///
/// Connections are opened when needed, up to `maxConnections`, and given up when they break; a connection that the
/// server closed while it was idle (a restart) is replaced without the caller noticing. Who finds none free waits in
/// line, at most `leaseTimeout`; the line has a bound, beyond which `.unavailable` is thrown at once.
package final class PostgresPool: Service, Sendable {
    package let configuration: PostgresConfiguration
    let logger: Logger
    let state: Mutex<PoolState>

    /// Opens nothing yet.
    package init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        state = Mutex(PoolState(maxConnections: configuration.maxConnections, maxWaiters: configuration.maxWaiters))
    }

    /// Ends, with all connections closed, when the service group shuts down gracefully or the task is cancelled.
    package func run() async throws {
        // A cancelled wait is an end like the graceful one.
        try? await gracefulShutdown()
        await close()
    }

    /// Refuses further leases and stops every statement under way within a fraction of a second, also where the server
    /// hangs. Only a COMMIT that was sent is left alone: its outcome is not ours to decide any more.
    package func abandon() {
        let (waiters, lent) = state.withLock { $0.abandon() }
        for waiter in waiters { waiter.resume(returning: .refused(.unavailable("the pool is closed"))) }
        for connection in lent { connection.interrupt.abandon() }
    }

    /// Whether `abandon` was called.
    package var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// Refuses further leases, waits for those that are out and closes every connection.
    package func close() async {
        let (idle, waiters) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(returning: .refused(.unavailable("the pool is closed"))) }
        for connection in idle { await connection.close() }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isEmpty = state.withLock { $0.notifyWhenEmpty(continuation) }
            if isEmpty { continuation.resume() }
        }
    }
}

extension PostgresPool {
    /// Runs a statement of one column and reads every row.
    package func query<Column: ColumnDecodable>(
        _ sql: SQL, as type: Column.Type
    ) async throws(StoreError) -> [Column] {
        try await leased { connection throws(StoreError) in try connection.query(sql, as: type) }
    }

    /// Runs a statement of one column and reads its first row, if there is one.
    package func first<Column: ColumnDecodable>(
        _ sql: SQL, as type: Column.Type
    ) async throws(StoreError) -> Column? {
        try await query(sql, as: type).first
    }

    /// Runs a statement and reads every row as a tuple, one type a column.
    package func query<each Column: ColumnDecodable>(
        _ sql: SQL, as type: (repeat each Column).Type
    ) async throws(StoreError) -> [(repeat each Column)] {
        try await leased { connection throws(StoreError) in try connection.query(sql, as: type) }
    }

    /// Runs a statement and reads every row with `decode`, on the connection's thread.
    package func rows<Row: Sendable>(
        _ sql: SQL, _ decode: @Sendable (inout RowReader) throws(StoreError) -> Row
    ) async throws(StoreError) -> [Row] {
        try await leased { connection throws(StoreError) in try connection.rows(sql, decode) }
    }

    /// Runs a statement and reads its first row, if there is one.
    package func first<Row: Sendable>(
        _ sql: SQL, _ decode: @Sendable (inout RowReader) throws(StoreError) -> Row
    ) async throws(StoreError) -> Row? {
        try await leased { connection throws(StoreError) in try connection.first(sql, decode) }
    }

    /// Runs a statement and reads its first row, if there is one, as a tuple.
    package func first<each Column: ColumnDecodable>(
        _ sql: SQL, as type: (repeat each Column).Type
    ) async throws(StoreError) -> (repeat each Column)? {
        try await query(sql, as: type).first
    }

    /// Runs a statement and answers how many rows it inserted, updated, deleted or found.
    @discardableResult
    package func execute(_ sql: SQL) async throws(StoreError) -> Int {
        try await leased { connection throws(StoreError) in try connection.execute(sql) }
    }

    /// Lends a connection to `body`, which runs on the connection's thread and may block there on statements only.
    @discardableResult
    package func with<Value: Sendable>(
        deadline: Duration? = nil, _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await leasing(deadline) { connection in Result { try body(connection) } }.get()
    }

    /// Runs `body`, which only reads, on what was committed when its first statement began, in one hop.
    ///
    /// It has the connection to itself for as long as it takes, and may write to a file on its thread what it reads.
    @discardableResult
    package func snapshot<Value: Sendable>(
        _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await with { connection in try connection.snapshot(body) }
    }

    /// Runs `body` as one transaction, in one hop; what it throws rolls back and is thrown on.
    ///
    /// `deadline` bounds the whole, the wait for a connection included. With `attempts` above 1 a transaction that
    /// ended as `.serialization` is run again that often in all; `body` must then do nothing outside of it.
    /// Throws `.commitUnknown` when the connection was lost at COMMIT.
    @discardableResult
    package func transaction<Value: Sendable>(
        deadline: Duration? = nil, attempts: Int = 1,
        _ body: @Sendable (isolated PostgresConnection) throws -> Value
    ) async throws -> Value {
        try await with(deadline: deadline) { connection in
            for _ in 1..<max(attempts, 1) {
                do {
                    return try connection.transaction(body)
                } catch StoreError.serialization {
                    continue
                }
            }
            return try connection.transaction(body)
        }
    }
}
