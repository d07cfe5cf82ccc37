import Store
import TestKit
import Testing

@Suite("Migrations that need an extension")
struct ExtensionTests {
    @Test("a role that may not create the extension is told what an administrator has to do, and then gets on")
    func refused() async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database in
            let role = "limited_\(database.name)"
            let administrator = try await TestPostgres.server.database(database.name)
            func run(_ script: String) async throws {
                try await PostgresConnection.once(administrator, logger: .silent) { try $0.script(script) }
            }
            try await run(
                "create role \(role); grant \(role) to current_user; grant create, usage on schema public to \(role)")
            let limited = try PostgresConfiguration(
                connection: "\(administrator.connection) options='-c role=\(role)'")
            let migrator = Migrator(configuration: limited, logger: .silent)
            let error = await #expect(throws: MigrationError.self) { try await migrator.migrate() }
            #expect(error?.description.contains("0061_people") == true)
            #expect(error?.description.contains("run CREATE EXTENSION pg_trgm in this database") == true)
            try await run("create extension pg_trgm")
            #expect(try await migrator.migrate().first == "0061_people")
            try await run("drop owned by \(role); drop role \(role)")
        }
    }
}
