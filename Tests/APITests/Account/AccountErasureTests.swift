import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Account erasure")
struct AccountErasureTests {
    /// Tables that may go on naming an erased user, with the reason: none.
    private static let mayName: [String: String] = [:]

    @Test("after the erasure no row of any table names the user, and what others own stays without them")
    func whole() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("zz_ada_77"), try await server.user("bob"))
            let copy = try await fill(ada, beside: bob, server)
            // The search itself finds what is there.
            #expect(try await traces(of: ada, server).count > 15)
            #expect(try await AccountDeletionTests.delete(ada).status == 202)
            try await server.runJobs()
            #expect(
                try await server.pool.query("select status from workouts where user_id = \(ada.id)", as: String.self)
                    == ["completed"])
            server.clock.advance(by: AccountDeletionTests.grace)
            try await server.runJobs()
            #expect(try await traces(of: ada, server) == [:])
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.exportDirectory.path) == [])
            let back: SignedIn = try await AccountDeletionTests.login("bob", on: server).decoded()
            let client = server.client(token: back.tokens.accessToken)
            let kept: Template = try await client.get("/v1/templates/\(copy)").decoded()
            #expect(kept.origin?.name == "Two lifts")
            #expect(kept.origin?.creatorName == nil)
            #expect(kept.weeks.first?.days.count == 2)
            let workouts: Page<WorkoutItem> = try await client.get("/v1/workouts").decoded()
            #expect(workouts.items.count == 1)
            #expect(try await AccountDeletionTests.login("zz_ada_77", on: server).code == "invalidCredentials")
            #expect(try await server.user("zz_ada_77").id != ada.id)
        }
    }

    @Test("an erasure that is broken off at any part goes on from there and comes to the same end")
    func interrupted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("zz_ada_77"), try await server.user("bob"))
            _ = try await fill(ada, beside: bob, server)
            _ = try await AccountDeletionTests.delete(ada)
            try await server.runJobs()
            let now: @Sendable () -> Timestamp = { server.clock.now }
            let exports = DataExports(
                pool: server.pool, jobs: Jobs(now: now), files: ExportFiles(directory: server.exportDirectory),
                parts: [], attachments: { _, _ in [] }, atOnceRows: 0, now: now, logger: .silent)
            let parts = PersonalData.erasureParts(
                pool: server.pool, exports: exports, avatars: server.api.avatars)
            func erasure(_ parts: [ErasurePart]) -> AccountErasure {
                AccountErasure(
                    pool: server.pool, jobs: Jobs(now: now), users: Users(pool: server.pool), live: LiveHooks(),
                    parts: parts, now: now)
            }
            // Before its time nothing happens at all.
            try await erasure(parts).erase(ada.id, except: .make())
            #expect(
                try await server.pool.query("select count(*) from workouts where user_id = \(ada.id)", as: Int.self)
                    == [1])
            server.clock.advance(by: AccountDeletionTests.grace)
            for count in 0...parts.count {
                let broken = ErasurePart(name: "broken") { _ in throw StoreError.unavailable("away") }
                await #expect(throws: StoreError.self) {
                    try await erasure(parts.prefix(count) + [broken]).erase(ada.id, except: .make())
                }
                // Once begun, no sign-in brings the account back.
                #expect(try await AccountDeletionTests.login("zz_ada_77", on: server).code == "invalidCredentials")
            }
            try await server.runJobs()
            #expect(try await traces(of: ada, server) == [:])
            try await erasure(parts).erase(ada.id, except: .make())
        }
    }

    /// Something of a user in as many tables as can be; answers a copy of their template that somebody else has.
    private func fill(_ ada: TestUser, beside bob: TestUser, _ server: RESTServer) async throws -> TemplateID {
        let asks = FriendRequestBody(userId: bob.id)
        #expect(try await ada.client.post("/v1/users/friends/request", asks).status == 201)
        let template: Template = try await ada.client.send("POST", "/v1/templates", text: TemplateTests.body())
            .decoded()
        let copied = try await bob.client.send("POST", "/v1/templates/\(template.id)/duplicate")
        let copy: Template = try copied.decoded()
        #expect(copy.origin?.creatorName == "Zz_Ada_77")
        #expect(try await bob.client.send("POST", "/v1/templates/\(template.id)/favorite").status < 300)
        let weight = #"{"weightKg": 82.5}"#
        #expect(try await ada.client.send("POST", "/v1/progress/body", text: weight).status == 201)
        let goal = #"{"kind": "consistency", "title": "Thrice", "daysPerWeek": 3, "target": 4}"#
        #expect(try await ada.client.send("POST", "/v1/goals", text: goal).status == 201)
        let forgot = ForgotPasswordRequest(email: "zz_ada_77@example.com")
        #expect(try await server.client.post("/v1/auth/forgot-password", forgot).status == 202)
        let key = [("Idempotency-Key", "one")]
        let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}", headers: key).decoded()
        let entry = #"{"exerciseId": "\#(TemplateTests.squat)"}"#
        let path = "/v1/workouts/\(workout.id)/exercises"
        #expect(try await ada.client.send("POST", path, text: entry).status == 201)
        let entryId = try await server.pool.first("select id from workout_exercises", as: UUIDv7.self)
        let set = #"{"weightKg": 100, "reps": 5}"#
        #expect(try await ada.client.send("POST", "\(path)/\(try #require(entryId))/sets", text: set).status == 201)
        let others: Workout = try await bob.client.send("POST", "/v1/workouts", text: "{}").decoded()
        try await server.pool.execute(
            """
            insert into workout_removed_watchers (workout_id, user_id)
            values (\(others.id), \(ada.id)), (\(workout.id), \(bob.id))
            """)
        try await server.pool.execute(
            "insert into workout_heart_rate (workout_id, at, bpm) values (\(workout.id), now(), 120)")
        try await server.pool.execute(
            """
            insert into dead_jobs (id, kind, key, payload, priority, attempts, most_attempts, last_error, created_at,
                died_at)
            values (\(UUIDv7.make()), 'auth.passwordResetMail', 'zz_ada_77@example.com',
                '{"email": "zz_ada_77@example.com"}', 0, 1, 1, '', now(), now())
            """)
        #expect(try await ada.client.get("/v1/users/data-export").status == 200)
        try await server.runJobs()
        return copy.id
    }

    /// Rows that name the user, counted by table and column: ids in any column that can hold one, and address, username
    /// and display name in all text there is.
    private func traces(of user: TestUser, _ server: RESTServer) async throws -> [String: Int] {
        let columns = try await server.pool.query(
            """
            select table_name::text, column_name::text, udt_name = 'bytea' from information_schema.columns
            where table_schema = 'public' and udt_name in ('uuid', '_uuid', 'text', '_text', 'json', 'jsonb', 'bytea')
            """, as: (String, String, Bool).self)
        #expect(columns.count > 100)
        let words = [user.id.description, user.account.email, user.account.username, user.account.displayName]
        var traces: [String: Int] = [:]
        for (table, column, isBinary) in columns where Self.mayName[table] == nil {
            let name = SQL(stringLiteral: "\"\(column)\"")
            // Binary text is looked for by its hexadecimal form.
            let text: SQL = isBinary ? "encode(\(name), 'hex')" : "\(name)::text"
            let sought: SQL = isBinary ? "encode(convert_to(word, 'UTF8'), 'hex')" : "word"
            let count = try await server.pool.first(
                """
                select count(*) from \(SQL(stringLiteral: "\"\(table)\"")) as t
                where exists (select from unnest(\(words)::text[]) as word where position(\(sought) in \(text)) > 0)
                """, as: Int.self)
            if let count, count > 0 { traces["\(table).\(column)"] = count }
        }
        return traces
    }
}
