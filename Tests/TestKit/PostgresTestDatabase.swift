import API
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
    private var templates: [Contents: Task<String, any Error>] = [:]
    /// Kept, because its server stops with it.
    private var cluster: TestCluster?

    /// What a fresh database holds: all migrations, or the exercise library as well.
    package enum Contents: Sendable { case schema, library }

    /// Lends a fresh database to `body`, with all migrations unless `isMigrated` is false, and drops it.
    package static func withDatabase<Value: Sendable>(
        isMigrated: Bool = true, holding contents: Contents = .schema,
        adjust: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        let server = try await shared.startedServer()
        let template = isMigrated ? try await shared.template(holding: contents) : "template0"
        let name = newName()
        try await run("create database \(name) template \(template)", on: server)
        var configuration = server.database(name).unhurried
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

    /// The name of a database that others are copies of; made once, since filling one takes longer than copying it.
    private func template(holding contents: Contents) async throws -> String {
        if let made = templates[contents] { return try await made.value }
        let server = try await startedServer()
        if let made = templates[contents] { return try await made.value }
        let make = Task {
            let name = Self.newName()
            switch contents {
            case .schema:
                try await Self.run("create database \(name) template template0", on: server)
                try await Migrator(configuration: server.database(name), logger: .silent).migrate()
            case .library:
                let schema = try await self.template(holding: .schema)
                try await Self.run("create database \(name) template \(schema)", on: server)
                let pool = PostgresPool(configuration: server.database(name).unhurried, logger: .silent)
                try await ExerciseSeed.load(into: pool)
                await pool.close()
            }
            return name
        }
        templates[contents] = make
        return try await make.value
    }

    private static func newName() -> String {
        "t" + UUIDv7.make().description.filter { $0 != "-" }
    }

    private static func run(_ command: String, on server: PostgresConfiguration) async throws {
        try await PostgresConnection.once(server.unhurried, logger: .silent) { try $0.script(command) }
    }
}

extension PostgresConfiguration {
    /// With limits that only a hang meets, so that no test's success depends on how fast the machine is.
    fileprivate var unhurried: PostgresConfiguration {
        var copy = self
        copy.statementDeadline = Watchdog.patience
        copy.connectTimeout = Watchdog.patience
        copy.leaseTimeout = Watchdog.patience
        return copy
    }
}
