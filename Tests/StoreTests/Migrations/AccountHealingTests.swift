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

    @Test("a link to an account elsewhere counts as proven only where the address was proved when it was made")
    func identities() async throws {
        try await migrating(from: "0120") { database in
            for (name, isVerified) in [("never", false), ("later", true), ("before", true), ("moved", true)] {
                let user = try await insert(name, name, isVerified: isVerified, in: database)
                // The address was proved eight days ago.
                let days = name == "before" ? 7 : 9
                try await database.pool.execute(
                    """
                    insert into sign_in_identities (provider, subject, user_id, created_at)
                    values ('google', \(name), \(user), now() - make_interval(days => \(Int32(days))))
                    """)
                guard name == "moved" else { continue }
                // That was for another address; the event was written a little later.
                try await database.pool.execute(
                    """
                    insert into security_events (id, user_id, kind, at)
                    select \(UUIDv7.make())::uuid, id, 'emailChanged', verified_at + interval '4 milliseconds'
                    from users where id = \(user)
                    """)
            }
        } _: { database in
            let proven = try await database.pool.query(
                "select subject from sign_in_identities where is_proven order by subject", as: String.self)
            #expect(proven == ["before", "moved"])
        }
    }
}
