import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Imports and kill -9", .serialized, .timeLimit(.minutes(60)))
struct ImportCrashTests {
    @Test("an import that is killed again and again ends as one that nobody disturbed: each workout once, equal counts")
    func killed() async throws {
        let log = try Self.longLog()
        try await TestPostgres.withDatabase { database in
            try await ServerDirectory.with { directory in
                let server = try await CrashServer(dataDirectory: directory + "/var", database: database.connection)
                do {
                    try await server.start()
                    let (ada, ben) = (try await importer("ada", server), try await importer("ben", server))
                    let id = try await ada.begin(log)
                    for progress in [1, 150, 400] {
                        try await database.wait { try await $0.imported(by: ada.id) >= progress }
                        await server.kill()
                        #expect(try await database.imported(by: ada.id) < Self.workouts)
                        #expect(try await database.status(of: id) == .running)
                        // As when the dead process's lease has run out.
                        try await database.pool.execute("update jobs set run_at = now() where lease is not null")
                        try await server.start()
                    }
                    try await database.wait { try await $0.status(of: id) != .running }
                    let undisturbed = try await ben.begin(log)
                    try await database.wait { ![.queued, .running].contains(try await $0.status(of: undisturbed)) }
                    let (report, other) = (try await ada.report(of: id), try await ben.report(of: undisturbed))
                    #expect(report.workouts.created == Self.workouts)
                    #expect(report == other)
                    #expect(try await database.training(of: ada.id) == database.training(of: ben.id))
                    #expect(try await database.imported(by: ada.id) == Self.workouts)
                    let parts = try await database.pool.first("select count(*) from workout_import_parts", as: Int.self)
                    #expect(parts == 0)
                } catch {
                    print("import killed: \(error)", await server.log.joined(separator: "\n"))
                    await server.kill()
                    throw error
                }
                await server.kill()
            }
        }
    }

    private static let workouts = 2 * 335

    /// A real log and, so that a job works on it, the same eight years earlier.
    private static func longLog() throws -> Data {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/logs/hevy_kg.csv")
        let text = try String(contentsOf: file, encoding: .utf8)
        let header = try #require(text.firstIndex(of: "\n"))
        var earlier = String(text[text.index(after: header)...])
        for year in 2018...2026 { earlier = earlier.replacing("\(year), ", with: "\(year - 8), ") }
        let log = Data((text + earlier).utf8)
        #expect(log.count > 2 << 20)
        return log
    }

    private func importer(_ name: String, _ server: CrashServer) async throws -> Importer {
        let client = RESTClient(port: server.port)
        let answer = try await client.send(
            "POST", "/v1/auth/register",
            text: """
                {"email": "\(name)@example.com", "username": "\(name)_lifts", "password": "a long way from \(name)",
                 "displayName": "\(name)"}
                """)
        #expect(answer.status == 201, "\(answer.text)")
        let json = try answer.json
        return Importer(
            id: try #require(json["user"]?["id"]?.id),
            client: RESTClient(port: server.port, token: json["tokens"]?["accessToken"]?.string))
    }
}

/// Somebody who imports a log.
private struct Importer: Sendable {
    let id: UserID
    let client: RESTClient

    func begin(_ log: Data) async throws -> WorkoutImportID {
        let answer = try await client.send(
            "POST", "/v1/workouts/import", json: log, headers: [("Content-Type", "text/csv")])
        #expect(answer.status == 202, "\(answer.text)")
        return try answer.decoded(as: WorkoutImport.self).id
    }

    /// What the import tells, without the ids of what it made.
    func report(of id: WorkoutImportID) async throws -> ImportReport {
        let done: WorkoutImport = try await client.get("/v1/workouts/import/\(id)").decoded()
        #expect(done.status == .completed)
        #expect(done.doneBytes == done.sizeBytes)
        var report = done.report
        for place in report.items.indices { report.items[place].workoutId = nil }
        for place in report.exercises.indices { report.exercises[place].exerciseId = nil }
        return report
    }
}

extension TestDatabase {
    fileprivate func wait(until isReached: (TestDatabase) async throws -> Bool) async throws {
        while try await !isReached(self) { try Task.checkCancellation() }
    }

    fileprivate func imported(by user: UserID) async throws -> Int {
        try await pool.first("select count(*) from workouts where user_id = \(user)", as: Int.self) ?? 0
    }

    fileprivate func status(of id: WorkoutImportID) async throws -> ImportStatus? {
        let status = try await pool.first("select status from workout_imports where id = \(id)", as: String.self)
        return status.flatMap(ImportStatus.init)
    }

    /// Every workout with its sets, and the exercises that were made: all but the ids.
    fileprivate func training(of user: UserID) async throws -> [String] {
        try await pool.query(
            """
            select w.started_at || ' ' || w.ended_at || ' ' || w.name || ' ' || w.tonnage || ' ' || w.working_sets || ' ' ||
                (select string_agg(concat_ws(' ', e.position, e.name, s.type, s.weight_g, s.reps, s.rpe_tenths,
                        s.duration_ms, s.distance_mm, s.logged_at), '; ' order by e.position, s.logged_at)
                    from workout_sets s join workout_exercises e on e.workout_id = s.workout_id and e.id = s.entry_id
                    where s.workout_id = w.id)
            from workouts w where w.user_id = \(user)
            union all select 'exercise ' || name from exercises where owner = \(user)
            order by 1
            """, as: String.self)
    }
}
