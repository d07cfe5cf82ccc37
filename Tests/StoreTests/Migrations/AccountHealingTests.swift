import Protocol
import Store
import TestKit
import Testing

@Suite("What accounts held before, brought into the form of today")
struct AccountHealingTests {
    /// Applies what came before a migration, lends the database, then applies the rest.
    private func migrating(
        from name: String, with contents: (TestDatabase) async throws -> Void,
        _ check: (TestDatabase) async throws -> Void
    ) async throws {
        try await TestPostgres.withDatabase(isMigrated: false) { database in
            let before = Migration.all.filter { $0.name < name }
            try await Migrator(configuration: database.configuration, migrations: before, logger: .silent).migrate()
            try await contents(database)
            try await Migrator(configuration: database.configuration, logger: .silent).migrate()
            try await check(database)
        }
    }

    private func insert(_ username: String, _ name: String, isVerified: Bool = true, in database: TestDatabase)
        async throws -> UserID
    {
        let id = UserID.make()
        try await database.pool.execute(
            """
            insert into users (id, username, email, display_name, created_at, verified_at)
            values (\(id), \(username), \(username + "@example.com"), \(name), now() - interval '9 days',
                case when \(isVerified) then now() - interval '8 days' end)
            """)
        return id
    }

    @Test("display names lose what can't be seen, and one that mixes alphabets in a word becomes the username")
    func names() async throws {
        let names = [
            ("plain", "Plain  Name", "Plain  Name"), ("hidden", "\u{202E}Ada\u{200B}", "Ada"),
            ("mixed", "\u{430}dmin", "mixed"), ("two_scripts", "Anna Иванова", "Anna Иванова"),
            ("wide", "\u{FF21}da", "Ada"), ("nothing", "\u{200B}\u{FEFF}", "nothing"),
            ("marks", "Zoe\u{308}", "Zo\u{EB}"),
        ]
        try await migrating(from: "0122") { database in
            for (username, name, _) in names { _ = try await insert(username, name, in: database) }
        } _: { database in
            let found = try await database.pool.query(
                "select username, display_name from users", as: (String, String).self)
            let shown = Dictionary(uniqueKeysWithValues: found)
            for (username, _, name) in names { #expect(shown[username] == name) }
        }
    }

    @Test("a link to an account elsewhere gets an id that bears the time when it was made")
    func identities() async throws {
        let times = [Timestamp(milliseconds: 1_700_000_000_123), Timestamp(milliseconds: 1_650_000_000_999)]
        try await migrating(from: "0180") { database in
            let user = try await insert("ada", "Ada", in: database)
            for (number, time) in times.enumerated() {
                try await database.pool.execute(
                    """
                    insert into sign_in_identities (provider, subject, user_id, created_at)
                    values ('google', \("\(number)"), \(user), \(time))
                    """)
            }
        } _: { database in
            let ids = try await database.pool.query(
                "select id from sign_in_identities order by subject", as: UUIDv7.self)
            #expect(ids.map(\.time) == times)
        }
    }

    @Test("sessions that have just ended are known as ended, and those that end later say when by Postgres's clock")
    func ends() async throws {
        let age: SQL = "extract(epoch from clock_timestamp() - ended_at)::float8"
        try await migrating(from: "0183") { database in
            let user = try await insert("ada", "Ada", in: database)
            try await database.pool.execute(
                """
                insert into sessions (id, user_id, address, created_at, last_used_at, expires_at, revoked_at)
                values (\(SessionID.make()), \(user), '', now(), now(), now(), now()),
                    (\(SessionID.make()), \(user), '', now(), now(), now(), now() - interval '2 hours'),
                    (\(SessionID.make()), \(user), '', now(), now(), now(), null)
                """)
        } _: { database in
            let known: SQL = "select \(age) from sessions where ended_at is not null"
            #expect(try await database.pool.query(known, as: Double.self).count == 1)
            try await database.pool.execute(
                "update sessions set revoked_at = now() - interval '1 year' where revoked_at is null")
            let ages = try await database.pool.query(known, as: Double.self)
            #expect(ages.count == 2 && ages.allSatisfy { (0..<3600).contains($0) })
        }
    }
}
