import Store
import TestKit
import Testing

@Suite("Statements")
struct StatementTests {
    @Test("each kind of refusal has its own error, which names the constraint")
    func translates() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.with { connection in
                try connection.script(
                    """
                    create table parent (id int constraint parent_key primary key);
                    create table t (id int constraint t_key primary key, n int not null,
                        parent int constraint t_parent references parent,
                        constraint t_small check (n < 10));
                    insert into t values (1, 1, null)
                    """)
            }
            await #expect(throws: StoreError.unique(constraint: "t_key")) {
                try await pool.execute("insert into t values (1, 2, null)")
            }
            await #expect(throws: StoreError.foreignKey(constraint: "t_parent")) {
                try await pool.execute("insert into t values (2, 2, 7)")
            }
            await #expect(throws: StoreError.check(constraint: "t_small")) {
                try await pool.execute("insert into t values (2, 20, null)")
            }
            await #expect(throws: StoreError.notNull(column: "n")) {
                try await pool.execute("insert into t values (2, null, null)")
            }
            let invalid = await #expect(throws: StoreError.self) { try await pool.execute("select \("x")::int") }
            #expect(invalid.map { "\($0)" } == "Postgres cannot take a value (22P02)")
            let ours = await #expect(throws: StoreError.self) { try await pool.execute("selec 1") }
            guard case .server(sqlstate: "42601", _) = ours else { throw try #require(ours) }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [1])
        }
    }

    @Test("a statement is prepared again after the server forgot it")
    func preparesAgain() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            #expect(try await pool.query("select \(1)", as: Int.self) == [1])
            try await pool.execute("deallocate all")
            #expect(try await pool.query("select \(2)", as: Int.self) == [2])
        }
    }

    @Test("an ALTER under a prepared select is not noticed by its user")
    func altered() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            let pool = database.pool
            try await pool.execute("create table t (a int)")
            try await pool.execute("insert into t values (1)")
            let read: @Sendable (inout RowReader) throws(StoreError) -> Int = { row throws(StoreError) in
                try row.next(Int.self)
            }
            #expect(try await pool.rows("select * from t", read) == [1])
            try await pool.execute("alter table t add column b text")
            #expect(try await pool.rows("select * from t", read) == [1])
            try await pool.execute("alter table t add column c text")
            await #expect(throws: StoreError.serialization) {
                try await pool.transaction { connection in try connection.rows("select * from t", read) }
            }
            try await pool.execute("alter table t add column d text")
            let again = try await pool.transaction(attempts: 2) { connection in
                try connection.rows("select * from t", read)
            }
            #expect(again == [1])
        }
    }

    @Test("the same text with values of other types is another statement")
    func typesMatter() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            func type(_ value: some SQLBindable) async throws -> [String] {
                try await database.pool.query("select pg_typeof(\(value))::text", as: String.self)
            }
            #expect(try await type(Int32(1)) == ["integer"])
            #expect(try await type(Int64(1)) == ["bigint"])
            #expect(try await type(1.5) == ["double precision"])
        }
    }

    @Test("more different statements than are kept go on working")
    func manyStatements() async throws {
        try await TestPostgres.withDatabase(isMigrated: false, adjust: { $0.maxConnections = 1 }) {
            database async throws in
            for count in 1...300 {
                let sql = SQL.join((1...count).map { "\($0)" }, separator: " + ")
                let sum = try await database.pool.query("select \(sql)", as: Int.self)
                #expect(sum == [count * (count + 1) / 2])
            }
            let kept = try await database.pool.query("select count(*) from pg_prepared_statements", as: Int.self)
            #expect(kept[0] <= 257)
        }
    }

    @Test("large values and results pass whole")
    func large() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let text = String(repeating: "0123456789abcdef", count: 1 << 19)
            let back = try await database.pool.query("select \(text)::text, length(\(text))", as: (String, Int).self)
            #expect(back.first?.0 == text)
            let numbers = try await database.pool.query("select generate_series(1, 200000)", as: Int.self)
            #expect(numbers.count == 200_000 && numbers.last == 200_000)
        }
    }

    @Test("COPY without rows to copy is refused, and the pool goes on")
    func copy() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.execute("create table t (a int)")
            await #expect(throws: StoreError.self) {
                try await database.pool.with { try $0.script("copy t from stdin") }
            }
            #expect(try await database.pool.query("select 1", as: Int.self) == [1])
        }
    }
}
