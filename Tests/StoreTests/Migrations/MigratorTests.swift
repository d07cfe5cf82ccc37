import Foundation
import Store
import TestKit
import Testing

@Suite("Migrator")
struct MigratorTests {
    private static let first = Migration("0001_first", Array("create table a (x int); create table b (y int);".utf8))
    private static let second = Migration("0002_second", Array("alter table a add column z text".utf8))
    private static let fourth = Migration("0004_fourth", Array("create table d (x int)".utf8))

    private func migrator(_ database: TestDatabase, _ migrations: [Migration]) -> Migrator {
        Migrator(configuration: database.configuration, migrations: migrations, logger: .silent)
    }

    @Test("what is missing is applied in order, once")
    func applies() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            #expect(
                try await migrator(database, [Self.second, Self.first]).pending() == ["0001_first", "0002_second"])
            #expect(try await migrator(database, [Self.first]).migrate() == ["0001_first"])
            #expect(try await migrator(database, [Self.second, Self.first]).migrate() == ["0002_second"])
            #expect(try await migrator(database, [Self.first, Self.second]).migrate() == [])
            #expect(try await database.pool.query("select z from a", as: String?.self) == [])
        }
    }

    @Test("a changed, unknown, late or doubled migration is refused by name")
    func refuses() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            try await migrator(database, [Self.first, Self.second, Self.fourth]).migrate()
            let changed = Migration("0002_second", Array("alter table a add column zz text".utf8))
            let late = Migration("0003_late", Array("select 1".utf8))
            let double = Migration("0004_other", Array("select 1".utf8))
            await #expect(throws: MigrationError.changed("0002_second")) {
                try await migrator(database, [Self.first, changed, Self.fourth]).migrate()
            }
            await #expect(throws: MigrationError.unknown("0004_fourth")) {
                try await migrator(database, [Self.first, Self.second]).migrate()
            }
            await #expect(throws: MigrationError.outOfOrder("0003_late", applied: "0004_fourth")) {
                try await migrator(database, [Self.first, Self.second, late, Self.fourth]).migrate()
            }
            await #expect(throws: MigrationError.repeated("0004_fourth", "0004_other")) {
                try await migrator(database, [Self.first, Self.second, Self.fourth, double]).migrate()
            }
        }
    }

    @Test("a migration that fails leaves nothing and those before it stay")
    func fails() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let broken = Migration("0002_broken", Array("create table c (x int); select nonsense;".utf8))
            let error = await #expect(throws: MigrationError.self) {
                try await migrator(database, [Self.first, broken]).migrate()
            }
            guard case .failed("0002_broken", .server(sqlstate: "42703", _)) = error else { throw try #require(error) }
            #expect(try await database.pool.query("select to_regclass('c') is null", as: Bool.self) == [true])
            #expect(try await migrator(database, [Self.first, Self.second]).migrate() == ["0002_second"])
        }
    }

    @Test("a migration that ends its own transaction is refused")
    func endsTransaction() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let commits = Migration("0001_commits", Array("create table c (x int); commit;".utf8))
            await #expect(throws: MigrationError.endsTransaction("0001_commits")) {
                try await migrator(database, [commits]).migrate()
            }
        }
    }

    @Test("of those who migrate at once one does the work and none fails")
    func atOnce() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database async throws in
            let slow = Migration("0003_slow", Array("select pg_sleep(0.1); create table s (x int)".utf8))
            let migrator = migrator(database, [Self.first, Self.second, slow])
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await migrator.migrate() } }
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            #expect(applied.sorted() == ["0001_first", "0002_second", "0003_slow"])
        }
    }

    @Test("the list of migrations is the folder's")
    func complete() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/Store/Migrations/SQL").standardized
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.wholeMatch(of: /\d{4}_.*\.sql/) != nil
        }
        #expect(Migration.all.map { $0.name + ".sql" }.sorted() == files.sorted())
        for migration in Migration.all {
            let file = try String(contentsOf: folder.appending(path: migration.name + ".sql"), encoding: .utf8)
            #expect(migration.sql == file, "\(migration.name) holds another file's text")
        }
    }

    @Test("the schema of this version can be made from nothing")
    func fromNothing() async throws {
        try await TestPostgres.withDatabase { database async throws in
            let migrator = Migrator(configuration: database.configuration, logger: .silent)
            #expect(try await migrator.pending() == [])
        }
    }
}
