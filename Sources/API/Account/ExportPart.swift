import Foundation
import Protocol
import Store

/// One kind of what is held on a user, as a feature gives it to the export: a file of JSON and one of CSV.
///
/// Rows are read in pages of the key's order, so that no account is too large to be read.
struct ExportPart: Sendable {
    /// Names the files: `goals` becomes `goals.json` and `goals.csv`.
    let name: String
    /// The tables whose rows it holds; a test finds tables that nobody names.
    let tables: [String]
    let columns: [ExportColumn]
    /// Columns of these tables that it leaves out: secrets, counters, what other parts say.
    let omitted: [String]
    /// What rows are ordered and sought by; unique together.
    let key: [ExportKey]
    /// Rows of a page; few where one row may be large.
    let rowsAtOnce: Int
    /// `from … where …` of a user's rows.
    private let source: @Sendable (UserID) -> SQL

    init(
        _ name: String, tables: [String], columns: [ExportColumn], omitted: [String] = [], key: [ExportKey],
        rowsAtOnce: Int = 1000, source: @escaping @Sendable (UserID) -> SQL
    ) {
        self.name = name
        self.tables = tables
        self.columns = columns
        self.omitted = omitted
        self.key = key
        self.rowsAtOnce = rowsAtOnce
        self.source = source
    }

    /// A row: its values in the order of the columns, as a JSON array, and its key.
    struct Row: Sendable {
        let values: JSONText
        let key: [String]
    }

    /// The rows behind a key; fewer than `rowsAtOnce` are the last.
    func page(
        of user: UserID, after: [String]?, on connection: isolated PostgresConnection
    ) throws(StoreError) -> [Row] {
        try connection.rows(statement(of: user, after: after)) { row throws(StoreError) in
            Row(values: try row.next(), key: try row.next())
        }
    }

    /// How many rows the parts have of a user, counted no further than `most` + 1.
    static func count(
        _ parts: [ExportPart], of user: UserID, upTo most: Int, on connection: isolated PostgresConnection
    ) throws -> Int {
        let rows = SQL.join(parts.map { "(select 1 \($0.source(user)))" as SQL }, separator: " union all ")
        return try connection.first("select count(*) from (\(rows) limit \(most + 1)) as held", as: Int.self) ?? 0
    }

    func statement(of user: UserID, after: [String]?) -> SQL {
        let names = SQL.join(key.map(\.sql), separator: ", ")
        let behind: SQL =
            after.map { values in
                let bound = zip(key, values).map { key, value -> SQL in "\(value)::\(raw: key.type)" }
                // The first column alone is said too: only that narrows the outer table of a join.
                return """
                    and \(key[0].sql) >= \(bound[0]) and (\(names)) > (\(SQL.join(bound, separator: ", ")))
                    """
            } ?? ""
        let texts = SQL.join(key.map { "(\($0.sql))::text" as SQL }, separator: ", ")
        return """
            select json_build_array(\(SQL.join(columns.map(\.sql), separator: ", "))), array[\(texts)]
            \(source(user)) \(behind) order by \(names) limit \(rowsAtOnce)
            """
    }
}

/// A column of a part: what it is called outside, and how it is read.
struct ExportColumn: Sendable, ExpressibleByStringLiteral {
    let name: String
    let sql: SQL

    init(_ name: String, _ sql: SQL) {
        self.name = name
        self.sql = sql
    }

    /// A column by its own name: `w.started_at` becomes `startedAt`.
    init(stringLiteral column: StaticString) {
        let words = (column.description.split(separator: ".").last ?? "").split(separator: "_")
        name = (words.prefix(1) + words.dropFirst().map { Substring($0.capitalized) }).joined()
        sql = SQL(column)
    }
}

/// A column of a part's key, with the Postgres type that its text is read back as.
struct ExportKey: Sendable {
    let sql: SQL
    let type: StaticString

    static func id(_ sql: SQL) -> ExportKey { ExportKey(sql: sql, type: "uuid") }
    static func text(_ sql: SQL) -> ExportKey { ExportKey(sql: sql, type: "text") }
    static func integer(_ sql: SQL) -> ExportKey { ExportKey(sql: sql, type: "bigint") }
    static func time(_ sql: SQL) -> ExportKey { ExportKey(sql: sql, type: "timestamptz") }
}
