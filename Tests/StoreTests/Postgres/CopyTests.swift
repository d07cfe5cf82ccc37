import Protocol
import Store
import TestKit
import Testing

@Suite("Loading rows by COPY")
struct CopyTests {
    private static func rows(_ range: ClosedRange<Int>, text: String? = nil) -> CopyText {
        var rows = CopyText()
        for number in range {
            rows.add(number)
            rows.add(text)
            rows.endRow()
        }
        return rows
    }

    private func withTable(_ body: @escaping @Sendable (PostgresPool) async throws -> Void) async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await database.pool.execute("create table t (a int primary key, b text)")
            try await body(database.pool)
        }
    }

    @Test("more rows than any buffer holds all arrive")
    func many() async throws {
        try await withTable { pool async throws in
            let text = String(repeating: "x", count: 100)
            let copied = try await pool.with { try $0.copy(Self.rows(1...100_000, text: text), into: "t (a, b)") }
            #expect(copied == 100_000)
            let found = try await pool.first("select count(*), sum(length(b)) from t", as: (Int, Int).self)
            #expect(found?.0 == 100_000 && found?.1 == 10_000_000)
        }
    }

    @Test("every value comes back as it was, whatever its characters")
    func values() async throws {
        try await withTable { pool async throws in
            let texts = ["", "tab\t newline\n return\r", #"back\slash \N \."#, "Klimmzüge 🏋️", "\\N", nil]
            var rows = CopyText()
            for (number, text) in texts.enumerated() {
                rows.add(number)
                rows.add(text)
                rows.endRow()
            }
            let copied = rows
            try await pool.with { try $0.copy(copied, into: "t (a, b)") }
            #expect(try await pool.query("select b from t order by a", as: String?.self) == texts)
        }
    }

    @Test("ids, times, numbers and flags are read as their types")
    func types() async throws {
        try await withTable { pool async throws in
            try await pool.execute("create table u (id uuid, at timestamptz, n bigint, d float8, f bool, x int)")
            let (id, at) = (UUIDv7.make(), Timestamp(milliseconds: 1_700_000_000_123))
            var rows = CopyText()
            rows.add(id)
            rows.add(at)
            rows.add(Int64.min)
            rows.add(0.1)
            rows.add(true)
            rows.add(Int?.none)
            rows.endRow()
            let copied = rows
            try await pool.with { try $0.copy(copied, into: "u") }
            let row = try await pool.first(
                "select * from u", as: (UUIDv7, Timestamp, Int64, Double, Bool, Int?).self)
            #expect(row?.0 == id && row?.1 == at && row?.2 == .min && row?.3 == 0.1 && row?.4 == true && row?.5 == nil)
        }
    }

    @Test("a row that the table refuses keeps all others out, and the connection goes on")
    func refused() async throws {
        try await withTable { pool async throws in
            var rows = Self.rows(1...50_000)
            rows.add(7)
            rows.add("again")
            rows.endRow()
            let copied = rows
            await #expect(throws: StoreError.unique(constraint: "t_pkey")) {
                try await pool.with { try $0.copy(copied, into: "t (a, b)") }
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
            await #expect(throws: StoreError.self) { try await pool.with { try $0.copy(copied, into: "nowhere") } }
            try await pool.with { try $0.copy(Self.rows(1...3), into: "t (a, b)") }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [3])
        }
    }

    @Test("no rows are no rows, and a rolled back transaction takes its rows along")
    func transaction() async throws {
        struct ChangedMind: Error {}
        try await withTable { pool async throws in
            #expect(try await pool.with { try $0.copy(CopyText(), into: "t (a, b)") } == 0)
            await #expect(throws: ChangedMind.self) {
                try await pool.transaction { connection in
                    try connection.copy(Self.rows(1...10), into: "t (a, b)")
                    throw ChangedMind()
                }
            }
            #expect(try await pool.query("select count(*) from t", as: Int.self) == [0])
        }
    }
}
