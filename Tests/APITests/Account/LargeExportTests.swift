import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Export of a large account")
struct LargeExportTests {
    /// 500 workouts with 40 sets, 60 events and 100 heart rates each, beside 50 other athletes' workouts.
    private func seed(_ pool: PostgresPool, _ user: UserID) async throws {
        try await pool.execute(
            """
            insert into users (id, username, email, display_name, created_at)
            select gen_random_uuid(), 'other_' || n, 'o' || n || '@example.org', 'O', now()
            from generate_series(1, 50) n
            """)
        let statements: [SQL] = [
            """
            insert into workouts (id, user_id, seq, status, started_at)
            select gen_random_uuid(), u.id, 60, 'completed', now() - n * interval '1 day'
            from users u cross join generate_series(1, case when u.id = \(user) then 500 else 20 end) n
            """,
            """
            insert into workout_sets (workout_id, id, entry_id, user_id, type, weight_g, reps, logged_at)
            select w.id, gen_random_uuid(), w.id, w.user_id, 'normal', 82500, 5, w.started_at
            from workouts w cross join generate_series(1, 40) n
            """,
            """
            insert into workout_events (workout_id, seq, epoch, op_id, fingerprint, received_at, body)
            select w.id, n, 1, gen_random_uuid(), n, w.started_at, json_build_object('seq', n, 'pad', repeat('x', 300))
            from workouts w cross join generate_series(1, 60) n
            """,
            """
            insert into workout_heart_rate (workout_id, at, bpm)
            select w.id, w.started_at + n * interval '1 second', 120 from workouts w cross join generate_series(1, 100) n
            """,
            "vacuum analyze workouts", "vacuum analyze workout_sets", "vacuum analyze workout_events",
            "vacuum analyze workout_heart_rate",
        ]
        for statement in statements { try await pool.execute(statement) }
    }

    @Test("a hundred thousand rows are written whole, in memory that does not grow with them")
    func large() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            try await seed(server.pool, ada.id)
            let export: DataExport = try await ada.client.get("/v1/users/data-export").decoded()
            let growth = try await ProcessMemory.growthKiB { try await server.runJobs() }
            #expect(growth < 48 * 1024, "the process grew by \(growth) KiB")
            let done: DataExport = try await ada.client.get("/v1/users/data-export/\(export.id)").decoded()
            #expect(done.status == .ready)
            let archive = try ZipArchive(try await ada.client.get(try #require(done.download)).body)
            let parts = try #require(try archive.json("index.json")["parts"]?.array)
            let counts = Dictionary(
                uniqueKeysWithValues: parts.map { ($0["name"]?.string ?? "", $0["rows"]?.integer ?? -1) })
            #expect(counts["workouts"] == 500)
            #expect(counts["workout-sets"] == 20_000)
            #expect(counts["workout-events"] == 30_000)
            #expect(counts["workout-heart-rate"] == 50_000)
            for (name, count) in counts {
                let lines = try archive.text("\(name).csv").utf8.count { $0 == UInt8(ascii: "\n") }
                if name.hasPrefix("workout") { #expect(lines == Int(count) + 1, "\(name)") }
            }
            #expect(try archive.text("workout-heart-rate.json").hasSuffix("}\n]\n"))
            let size = archive.names.reduce(0) { $0 + ((try? archive.text($1).utf8.count) ?? 0) }  // all are there
            print("export: \(size / 1_000_000) MB in \(done.sizeBytes ?? 0) bytes, grew by \(growth) KiB")
        }
    }

    @Test("the pages of what grows with training are read by indexes and scan no table")
    func plans() async throws {
        try await TestPostgres.withDatabase { database in
            let user = UserID.make()
            try await database.pool.execute(
                """
                insert into users (id, username, email, display_name, created_at)
                values (\(user), 'ada', 'ada@example.org', 'Ada', now())
                """)
            try await seed(database.pool, user)
            let middle = try await database.pool.first(
                "select id::text from workouts where user_id = \(user) order by id offset 250 limit 1", as: String.self)
            let workout = try #require(middle)
            let ends = [
                "workouts": [workout], "workout-sets": [workout, workout], "workout-events": [workout, "30"],
                "workout-heart-rate": [workout, "2026-01-01T00:00:00Z"],
            ]
            for part in PersonalData.exportParts {
                guard let end = ends[part.name] else { continue }
                let plan = try await database.pool.query(
                    "explain \(part.statement(of: user, after: end))", as: String.self
                ).joined(separator: "\n")
                #expect(!plan.contains("Seq Scan"), "\(part.name): \(plan)")
                #expect(plan.contains("workouts_by_user"), "\(part.name): \(plan)")
            }
        }
    }
}
