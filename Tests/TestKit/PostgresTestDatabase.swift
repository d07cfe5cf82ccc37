import Glibc
import Logging
import Protocol
import Store

/// A database of one test: empty or migrated, gone afterwards.
package struct TestDatabase: Sendable {
    package let name: String
    package let configuration: PostgresConfiguration
    package let pool: PostgresPool

    /// The text to connect with, for DATABASE_URL.
    package var connection: String { configuration.connection }
}

/// Databases for tests, on one server for the whole test process: the one DATABASE_URL_TEST names, else a private one
/// that is started when first needed.
package actor TestPostgres {
    package static let shared = TestPostgres()

    private var server: Task<PostgresConfiguration, any Error>?
    private var template: Task<String, any Error>?
    /// Kept, because its server stops with it.
    private var cluster: TestCluster?

    /// Lends a fresh database to `body`, with all migrations unless `isMigrated` is false, and drops it.
    package static func withDatabase<Value: Sendable>(
        isMigrated: Bool = true, adjust: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        let server = try await shared.startedServer()
        let template = isMigrated ? try await shared.migratedTemplate() : "template0"
        let name = newName()
        try await run("create database \(name) template \(template)", on: server)
        var configuration = server.database(name)
        adjust(&configuration)
        let pool = PostgresPool(configuration: configuration, logger: .silent)
        let database = TestDatabase(name: name, configuration: configuration, pool: pool)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(database))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        try await run("drop database \(name) with (force)", on: server)
        return try result.get()
    }

    /// The server's own configuration, connected to its maintenance database.
    package static var server: PostgresConfiguration {
        get async throws { try await shared.startedServer() }
    }

    private func startedServer() async throws -> PostgresConfiguration {
        if let server { return try await server.value }
        let start = Task {
            if let url = getenv("DATABASE_URL_TEST") {
                return try PostgresConfiguration(connection: String(cString: url), variable: "DATABASE_URL_TEST")
            }
            return try await self.startCluster()
        }
        server = start
        return try await start.value
    }

    private func startCluster() async throws -> PostgresConfiguration {
        let cluster = try TestCluster()
        self.cluster = cluster
        return try PostgresConfiguration(connection: try await cluster.start()).database("postgres")
    }

    private func migratedTemplate() async throws -> String {
        if let template { return try await template.value }
        let server = try await startedServer()
        if let template { return try await template.value }
        let make = Task {
            let name = Self.newName()
            try await Self.run("create database \(name) template template0", on: server)
            try await Migrator(configuration: server.database(name), logger: .silent).migrate()
            return name
        }
        template = make
        return try await make.value
    }

    private static func newName() -> String {
        "t" + UUIDv7.make().description.filter { $0 != "-" }
    }

    private static func run(_ command: String, on server: PostgresConfiguration) async throws {
        var server = server
        server.statementDeadline = .seconds(60)
        server.connectTimeout = .seconds(30)
        try await PostgresConnection.once(server, logger: .silent) { try $0.script(command) }
    }
}
