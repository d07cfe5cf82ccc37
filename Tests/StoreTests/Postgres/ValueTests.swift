import Protocol
import Store
import TestKit
import Testing

@Suite("Values between Swift and Postgres")
struct ValueTests {
    private func echo<Value: SQLBindable & ColumnDecodable & Equatable>(
        _ values: [Value], _ type: StaticString, _ pool: PostgresPool
    ) async throws {
        for value in values {
            let back = try await pool.query("select \(value)::\(raw: type)", as: Value.self)
            #expect(back == [value])
            let none = try await pool.query("select \(Value?.none)::\(raw: type)", as: Value?.self)
            #expect(none == [nil])
        }
        let array = try await pool.query("select \(values)::\(raw: type)[]", as: [Value].self)
        #expect(array == [values])
        let holed: [Value?] = [nil] + values + [nil]
        #expect(try await pool.query("select \(holed)::\(raw: type)[]", as: [Value?].self) == [holed])
        #expect(try await pool.query("select \([Value]())::\(raw: type)[]", as: [Value].self) == [[]])
    }

    @Test("every type comes back as it went, alone, as NULL and in arrays")
    func roundTrips() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await echo([true, false], "bool", pool)
            try await echo([Int16.min, -1, 0, Int16.max], "int2", pool)
            try await echo([Int32.min, -1, 0, Int32.max], "int4", pool)
            try await echo([Int64.min, -1, 0, Int64.max], "int8", pool)
            try await echo([Int.min, -1, 0, Int.max], "int8", pool)
            try await echo([0, -0.5, 1e300, .infinity, .leastNonzeroMagnitude], "float8", pool)
            try await echo(["", "plain", "Übung 💪", "a\nb\t'\"\\,{}", "NULL"], "text", pool)
            try await echo([UUIDv7.make(), UUIDv7.make()], "uuid", pool)
            try await echo([[], [0], [0, 255, 92, 39], [UInt8](repeating: 7, count: 100_000)], "bytea", pool)
            let times: [Int64] = [0, -1, 946_684_799_999, 946_684_800_000, 1_795_000_000_123, -62_135_596_800_000]
            try await echo(times.map { Timestamp(milliseconds: $0) }, "timestamptz", pool)
            try await echo([JSONText("{\"a\": [1, null, \"x\"]}"), JSONText("null")], "jsonb", pool)
        }
    }

    @Test("a time is the same time to Postgres")
    func times() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let time = Timestamp(milliseconds: 1_000_000_000_123)
            let rows = try await database.pool.query(
                """
                select (extract(epoch from \(time)) * 1000)::int8, '1960-01-01 00:00:00.0019+00'::timestamptz
                """, as: (Int64, Timestamp).self)
            #expect(rows.first?.0 == 1_000_000_000_123)
            // Cut, not rounded, also before 2000.
            #expect(rows.first?.1.milliseconds == -315_619_199_999)
        }
    }

    @Test("text is taken as the type that stands in its place")
    func inferredText() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.execute("create type mood as enum ('good', 'bad')")
            try await database.pool.execute("create table t (m mood, d date, n numeric(6, 2), a inet)")
            try await database.pool.execute(
                "insert into t values (\("good"), \("2026-02-28"), \("12.345"), \("127.0.0.1"))")
            let rows = try await database.pool.query(
                "select m, d::text, n, n::text from t where m = \("good") and d > \("2026-01-01")",
                as: (Mood, String, Double, String).self)
            let row = try #require(rows.first)
            #expect(row.0 == .good && row.1 == "2026-02-28" && row.2 == 12.35 && row.3 == "12.35")
        }
    }

    @Test("numeric reads as the nearest double")
    func numeric() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let texts = [
                "0", "1", "-1", "0.1", "100000000", "12345678.00012", "1e-20", "-99999999999999999999.5", "NaN",
            ]
            for text in texts {
                let value = try await database.pool.query("select \(text)::numeric", as: Double.self)
                #expect("\(value[0])" == "\(try #require(Double(text)))")
            }
            let sum = try await database.pool.query(
                "select sum(x), avg(x) from unnest(\([1, 2, 4])) x", as: (Double, Double).self)
            #expect(sum.first?.0 == 7)
        }
    }

    @Test("thousands of rows go in as arrays")
    func unnest() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.execute(
                "create table t (id uuid primary key, n int4, big int8, note text, at timestamptz, raw bytea, w float8)"
            )
            let count = 5000
            let ids = (0..<count).map { _ in UUIDv7.make() }
            let notes: [String?] = (0..<count).map { $0.isMultiple(of: 3) ? nil : "note \($0)" }
            let now = Timestamp(milliseconds: 1_795_000_000_000)
            let affected = try await database.pool.execute(
                """
                insert into t select * from unnest(\(ids)::uuid[], \((0..<count).map(Int32.init))::int4[],
                    \(Array(0..<count))::int8[], \(notes)::text[], \([Timestamp](repeating: now, count: count)),
                    \((0..<count).map { [UInt8($0 & 255)] })::bytea[], \((0..<count).map { Double($0) / 2 }))
                """)
            #expect(affected == count)
            let row = try await database.pool.first(
                "select n, big, note, at, raw, w from t where id = \(ids[4711])",
                as: (Int32, Int, String?, Timestamp, [UInt8], Double).self)
            let values = try #require(row)
            #expect(values.0 == 4711 && values.1 == 4711 && values.2 == "note 4711" && values.3 == now)
            #expect(values.4 == [UInt8(4711 & 255)] && values.5 == 2355.5)
        }
    }

    @Test("a zero byte in text, or \\u0000 in JSON, is refused as a value, and nothing is cut short")
    func zeroBytes() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            try await pool.execute("create table t (v text, j jsonb, a text[])")
            await expectInvalidValue { try await pool.execute("insert into t (v) values (\("admin\0x"))") }
            await expectInvalidValue { try await pool.execute("insert into t (a) values (\(["ok", "a\0b"]))") }
            let json = JSONText("{\"a\": \"\\u0000\"}")
            await expectInvalidValue { try await pool.execute("insert into t (j) values (\(json))") }
            await expectInvalidValue { try await pool.execute("insert into t (j) values (\(JSONText("{nonsense")))") }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }

    @Test("a time beyond Postgres's range is refused as a value")
    func timeRange() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            for milliseconds in [Int64.min, .max, 9_300_000_000_000_000] {
                await expectInvalidValue {
                    try await database.pool.execute("select \(Timestamp(milliseconds: milliseconds))")
                }
            }
        }
    }

    @Test("reading a column as something else, too few or too many columns throws and harms nothing")
    func mismatches() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let pool = database.pool
            await expectDecoding { _ = try await pool.query("select 1", as: String.self) }
            await expectDecoding { _ = try await pool.query("select null::int", as: Int.self) }
            await expectDecoding { _ = try await pool.query("select 70000", as: Int16.self) }
            await expectDecoding { _ = try await pool.query("select 1, 2", as: Int.self) }
            await expectDecoding { _ = try await pool.query("select 1", as: (Int, Int).self) }
            await expectDecoding { _ = try await pool.query("select 'infinity'::timestamptz", as: Timestamp.self) }
            await expectDecoding { _ = try await pool.query("select array[[1,2],[3,4]]", as: [Int].self) }
            await expectDecoding { _ = try await pool.query("select array[1, null]", as: [Int].self) }
            await expectDecoding { _ = try await pool.query("select 'ugly'", as: Mood.self) }
            #expect(try await pool.query("select 1", as: Int.self) == [1])
        }
    }
}

private enum Mood: String, SQLBindable, ColumnDecodable {
    case good, bad
}

private func expectInvalidValue(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try await body() }
    guard case .invalidValue = error else {
        Issue.record("\(String(describing: error)) is no invalidValue", sourceLocation: sourceLocation)
        return
    }
}

private func expectDecoding(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try await body() }
    guard case .decoding = error else {
        Issue.record("\(String(describing: error)) is no decoding error", sourceLocation: sourceLocation)
        return
    }
}
