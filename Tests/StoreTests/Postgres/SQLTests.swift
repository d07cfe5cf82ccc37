import Store
import TestKit
import Testing

@Suite("SQL")
struct SQLTests {
    @Test("interpolated values become numbered parameters")
    func numbersParameters() {
        let sql: SQL = "select \(1), \("two") from t where a = \([3])"
        #expect(sql.text == "select $1, $2 from t where a = $3")
    }

    @Test("a spliced fragment's parameters are numbered on")
    func splices() {
        let condition: SQL = "name = \("x") and age > \(3)"
        let sql: SQL = "select \(1) from t where \(condition) or \(condition) limit \(5)"
        #expect(sql.text == "select $1 from t where name = $2 and age > $3 or name = $4 and age > $5 limit $6")
    }

    @Test("a fragment with more than nine parameters splices whole")
    func splicesMany() {
        let many = SQL.join((1...12).map { "\($0)" }, separator: ", ")
        let sql: SQL = "select \(0), \(many)"
        #expect(sql.text == "select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13")
    }

    @Test("raw text and concatenation add no parameters")
    func rawText() {
        let sql: SQL = "select 1 order by a \(raw: "desc")" + " limit \(2)"
        #expect(sql.text == "select 1 order by a desc limit $1")
    }

    @Test("spliced values arrive in their places")
    func splicedValues() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database in
            let inner: SQL = "\("a")::text, \(Int?.none)::int8, \([1, 2])::int8[]"
            let rows = try await database.pool.query(
                "select \(7), \(inner), \("z")::text", as: (Int, String, Int?, [Int], String).self)
            let row = try #require(rows.first)
            #expect(row.0 == 7 && row.1 == "a" && row.2 == nil && row.3 == [1, 2] && row.4 == "z")
        }
    }

    @Test(
        "what looks like SQL in a value stays a value",
        arguments: ["'; drop table t; --", "$1", "\\'; select 1", "x' or '1'='1", "\u{202E}\"; --", ""])
    func binds(text: String) async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database in
            try await database.pool.execute("create table t (v text)")
            try await database.pool.execute("insert into t values (\(text))")
            let found = try await database.pool.query("select v from t where v = \(text)", as: String.self)
            #expect(found == [text])
            #expect(try await database.pool.query("select v from t where v = \(text + "x")", as: String.self) == [])
        }
    }
}
