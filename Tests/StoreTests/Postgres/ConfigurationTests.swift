import Store
import Testing

@Suite("Configuration of Postgres")
struct ConfigurationTests {
    @Test("a URL and key=value text are both taken")
    func forms() throws {
        let url = try PostgresConfiguration(connection: "postgres://me:secret@db.example:5433/fit?sslmode=require")
        #expect(url.host == "db.example")
        #expect(url.database("other").connection.contains("dbname='other'"))
        let pairs = try PostgresConfiguration(connection: "host=/run/postgresql dbname='a b'")
        #expect(pairs.host == "/run/postgresql")
    }

    @Test(
        "text that cannot be read is refused by the variable's name and without the password",
        arguments: [
            "postgres://me:secret@[::1/fit", "host=x secret", "postgres://me:secret@h:1/d?nonsense=1", "secret",
        ])
    func refused(text: String) throws {
        let error = #expect(throws: InvalidConfiguration.self) {
            try PostgresConfiguration(environment: ["DATABASE_URL": text])
        }
        let message = "\(try #require(error))"
        #expect(message.hasPrefix("DATABASE_URL: "))
        #expect(!message.contains("secret"))
    }

    @Test("numbers out of range are refused by the variable's name")
    func numbers() throws {
        let base = ["DATABASE_URL": "dbname=x"]
        let wrong = [
            ("DATABASE_POOL_SIZE", "0"), ("DATABASE_POOL_SIZE", "many"), ("DATABASE_CONNECT_TIMEOUT", "-1"),
            ("DATABASE_STATEMENT_TIMEOUT", "1.5"),
        ]
        for (variable, value) in wrong {
            let error = #expect(throws: InvalidConfiguration.self) {
                try PostgresConfiguration(environment: base.merging([variable: value]) { $1 })
            }
            #expect(error?.variable == variable)
        }
        let good = try PostgresConfiguration(
            environment: base.merging(["DATABASE_POOL_SIZE": "3", "DATABASE_STATEMENT_TIMEOUT": "7"]) { $1 })
        #expect(good?.maxConnections == 3 && good?.statementDeadline == .seconds(7))
    }

    @Test("no DATABASE_URL is no configuration")
    func unset() throws {
        #expect(try PostgresConfiguration(environment: [:]) == nil)
        #expect(try PostgresConfiguration(environment: ["DATABASE_URL": ""]) == nil)
    }
}
