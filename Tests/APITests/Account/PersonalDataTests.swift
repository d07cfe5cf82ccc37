import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Personal data")
struct PersonalDataTests {
    @Test("every table is exported, or left out for a reason that is named, and never both")
    func everyTable() async throws {
        try await TestPostgres.withDatabase { database in
            let tables = Set(
                try await database.pool.query(
                    "select tablename::text from pg_tables where schemaname = 'public'", as: String.self))
            let exported = Set(PersonalData.exportParts.flatMap(\.tables))
            let named = Set(PersonalData.notExported.keys)
            #expect(tables.subtracting(exported).subtracting(named) == [], "neither exported nor left out")
            #expect(exported.union(named).subtracting(tables) == [], "no such table")
            #expect(exported.intersection(named) == [])
        }
    }

    @Test("every column of an exported table is exported or named as left out")
    func everyColumn() async throws {
        try await TestPostgres.withDatabase { database in
            for part in PersonalData.exportParts {
                let columns = try await database.pool.query(
                    """
                    select column_name::text from information_schema.columns
                    where table_schema = 'public' and table_name = any(\(part.tables))
                    """, as: String.self)
                let words = part.columns.map(\.sql.text).flatMap { text in
                    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                }
                let missing = Set(columns).subtracting(words).subtracting(part.omitted)
                #expect(missing == [], "\(part.name)")
            }
        }
    }

    @Test("names of parts and of their columns are told apart")
    func names() {
        let parts = PersonalData.exportParts
        #expect(Set(parts.map(\.name)).count == parts.count)
        for part in parts { #expect(Set(part.columns.map(\.name)).count == part.columns.count, "\(part.name)") }
    }
}
