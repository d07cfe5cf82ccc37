import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Data export")
struct DataExportTests {
    private func ask(_ user: TestUser) async throws -> DataExport {
        let answer = try await user.client.get("/v1/users/data-export")
        #expect(answer.status == 202)
        return try answer.decoded()
    }

    private func files(_ server: RESTServer) throws -> [String] {
        guard FileManager.default.fileExists(atPath: server.exportDirectory.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: server.exportDirectory.path).sorted()
    }

    /// Runs everything that housekeeping does for exports, once.
    private func cleanUp(_ server: RESTServer) async throws {
        for chore in exports(server).chores { while try await chore.removeSome() > 0 {} }
    }

    private func exports(_ server: RESTServer, parts: [ExportPart] = PersonalData.exportParts) -> DataExports {
        let now: @Sendable () -> Timestamp = { server.clock.now }
        return DataExports(
            pool: server.pool, jobs: Jobs(now: now), files: ExportFiles(directory: server.exportDirectory),
            parts: parts, now: now)
    }

    @Test("an export is asked for, gathered, and downloaded as a ZIP of JSON and CSV with all that is held")
    func whole() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            try await Self.fill(ada, beside: bob, server)
            let asked = try await ask(ada)
            #expect(asked.status == .waiting)
            #expect(asked.download == nil)
            #expect(try await ada.client.get("/v1/users/data-export/\(asked.id)/download").code == "wrongState")
            try await server.runJobs()
            let ready: DataExport = try await ada.client.get("/v1/users/data-export/\(asked.id)").decoded()
            #expect(ready.status == .ready)
            let answer = try await ada.client.get(try #require(ready.download))
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "application/zip")
            #expect(answer[header: "content-disposition"]?.hasPrefix("attachment; filename=\"fitai-data-20") == true)
            #expect(answer.body.count == ready.sizeBytes)
            let archive = try ZipArchive(answer.body)
            let profile = try #require(try archive.json("profile.json").array?.first)
            #expect(profile["email"]?.string == "ada@example.com")
            #expect(profile["hasPassword"]?.bool == true)
            let set = try #require(try archive.json("workout-sets.json").array?.first)
            #expect(set["weightKg"]?.integer == 100)
            #expect(try archive.json("workout-events.json").array?.isEmpty == false)
            #expect(try archive.json("friendships.json").array?.first?["userId"]?.id == bob.id)
            #expect(try archive.json("measurements.json").array?.first?["values"]?["weightKg"] != nil)
            #expect(try archive.text("goals.csv").contains("'=HYPERLINK"))
            #expect(try archive.json("goals.json").array?.first?["title"]?.string?.hasPrefix("=HYPERLINK") == true)
            let counted = try archive.json("index.json")["parts"]?.array?.compactMap { $0["name"]?.string }
            #expect(counted == PersonalData.exportParts.map(\.name))
            let names = Set(
                PersonalData.exportParts.flatMap { ["\($0.name).json", "\($0.name).csv"] } + ["index.json"])
            #expect(Set(archive.names) == names)
            for name in archive.names {
                let text = try archive.text(name)
                #expect(!text.contains("argon2"), "\(name)")
                #expect(!text.contains("bob@example.com"), "\(name)")
            }
        }
    }

    /// Something in many places.
    private static func fill(_ ada: TestUser, beside bob: TestUser, _ server: RESTServer) async throws {
        #expect(try await ada.client.post("/v1/users/friends/request", FriendRequestBody(userId: bob.id)).status == 201)
        let weight = #"{"weightKg": 82.5, "note": "after breakfast"}"#
        #expect(try await ada.client.send("POST", "/v1/progress/body", text: weight).status == 201)
        let goal = #"{"kind": "consistency", "title": "=HYPERLINK(\"x\")", "daysPerWeek": 3, "target": 4}"#
        #expect(try await ada.client.send("POST", "/v1/goals", text: goal).status == 201)
        let exercise = try await server.pool.first(
            "select id from exercises where owner is null order by id limit 1", as: UUIDv7.self)
        let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
        let path = "/v1/workouts/\(workout.id)/exercises"
        let entry = try await ada.client.send(
            "POST", path, text: #"{"exerciseId": "\#(try #require(exercise))"}"#)
        #expect(entry.status == 201)
        let entryId = try await server.pool.first("select id from workout_exercises", as: UUIDv7.self)
        let set = try await ada.client.send(
            "POST", "\(path)/\(try #require(entryId))/sets", text: #"{"weightKg": 100, "reps": 5}"#)
        #expect(set.status == 201)
    }

    @Test("a repeat gives the same export while it is gathered and for an hour; then a new one takes its place")
    func repeated() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let ids = try await withThrowingTaskGroup(of: UUIDv7.self) { group in
                for _ in 0..<8 { group.addTask { try await ask(ada).id } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            let id = try #require(ids.first)
            #expect(
                try await server.pool.query("select count(*) from jobs where kind = 'account.dataExport'", as: Int.self)
                    == [1])
            try await server.runJobs()
            server.clock.advance(by: .seconds(3599))
            let same: DataExport = try await server.client(token: try await login(server)).get("/v1/users/data-export")
                .decoded()
            #expect(same.id == id)
            #expect(same.status == .ready)
            server.clock.advance(by: .seconds(2))
            let token = try await login(server)
            let next: DataExport = try await server.client(token: token).get("/v1/users/data-export").decoded()
            #expect(next.id != id)
            #expect(try files(server) == ["\(id).zip"])
            try await server.runJobs()
            #expect(try files(server) == ["\(next.id).zip"])
            #expect(try await server.client(token: token).get("/v1/users/data-export/\(id)").status == 404)
        }
    }

    private func login(_ server: RESTServer) async throws -> String {
        let body = LoginRequest(login: "ada", password: RESTServer.password)
        return try await server.client.post("/v1/auth/login", body).decoded(as: SignedIn.self).tokens.accessToken
    }

    @Test("somebody else's export, an unknown one and none are not found, and nobody unknown asks")
    func foreign() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let export = try await ask(ada)
            try await server.runJobs()
            for path in ["\(export.id)", "\(export.id)/download", "\(UUIDv7.make())", "nonsense", "nonsense/download"] {
                #expect(try await bob.client.get("/v1/users/data-export/\(path)").status == 404)
                #expect(try await server.client.get("/v1/users/data-export/\(path)").status == 401)
            }
            #expect(try await server.client.get("/v1/users/data-export").status == 401)
            #expect(try await ada.client.get("/v1/users/data-export?x=1").status == 422)
        }
    }

    @Test("the file is its owner's alone and goes after seven days; strays go too")
    func expiry() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let export = try await ask(ada)
            try await server.runJobs()
            let path = server.exportDirectory.appendingPathComponent("\(export.id).zip").path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            let stray = server.exportDirectory.appendingPathComponent("\(UUIDv7.make()).\(UUIDv7.make()).draft")
            #expect(FileManager.default.createFile(atPath: stray.path, contents: Data("half".utf8)))
            server.clock.advance(by: .seconds(7 * 24 * 3600 - 1))
            try await cleanUp(server)
            #expect(try files(server) == ["\(export.id).zip"])
            server.clock.advance(by: .seconds(1))
            let token = try await login(server)
            #expect(try await server.client(token: token).get("/v1/users/data-export/\(export.id)").status == 404)
            try await cleanUp(server)
            #expect(try files(server).isEmpty)
            #expect(try await server.pool.query("select count(*) from data_exports", as: Int.self) == [0])
        }
    }

    @Test("a job that a killed process left in the middle is repeated, and its half file goes")
    func killed() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let export = try await ask(ada)
            // As a process leaves it that dies: the job leased, a draft beside, nobody to end either.
            try await server.pool.execute(
                """
                update jobs set lease = \(UUIDv7.make()), attempts = 1, run_at = \(server.clock.now + .seconds(60))
                where kind = 'account.dataExport'
                """)
            try FileManager.default.createDirectory(at: server.exportDirectory, withIntermediateDirectories: true)
            let half = server.exportDirectory.appendingPathComponent("\(export.id).\(UUIDv7.make()).draft")
            #expect(FileManager.default.createFile(atPath: half.path, contents: Data("PK".utf8)))
            try await server.runJobs()
            #expect(try await server.pool.query("select status from data_exports", as: String.self) == ["waiting"])
            server.clock.advance(by: .seconds(61))
            try await server.runJobs()
            #expect(try files(server) == ["\(export.id).zip"])
            #expect(try await server.pool.query("select status from data_exports", as: String.self) == ["ready"])
        }
    }

    @Test("an export that Postgres breaks off leaves no file and is done when it is tried again")
    func brokenOff() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let export = try await ask(ada)
            let broken = exports(
                server,
                parts: Users.exportParts + [
                    ExportPart("broken", tables: [], columns: ["id"], key: [.id("id")]) { user in
                        "from users where id = \(user) and pg_terminate_backend(pg_backend_pid())"
                    }
                ])
            await #expect(throws: StoreError.self) { try await broken.gather(export.id, isLastAttempt: false) }
            #expect(try files(server).isEmpty)
            try await server.runJobs()
            #expect(try files(server) == ["\(export.id).zip"])
        }
    }

    @Test("an export that fails to the last is marked so, and a new one may be asked for at once")
    func failed() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let export = try await ask(ada)
            let broken = exports(
                server,
                parts: [
                    ExportPart("broken", tables: [], columns: [ExportColumn("never", "1 / 0")], key: [.id("id")]) { _ in
                        "from users where true"
                    }
                ])
            await #expect(throws: StoreError.self) { try await broken.gather(export.id, isLastAttempt: true) }
            let after: DataExport = try await ada.client.get("/v1/users/data-export/\(export.id)").decoded()
            #expect(after.status == .failed)
            #expect(try await ask(ada).id != export.id)
        }
    }

    @Test("exports are paid from the bucket of account requests")
    func limited() async throws {
        try await RESTServer.run(adjust: {
            $0.limits.isEnabled = true
            $0.limits.perUser[.account] = Allowance(calls: 2)
        }) { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.get("/v1/users/data-export").status == 202)
            #expect(try await ada.client.get("/v1/users/data-export").status == 202)
            #expect(try await ada.client.get("/v1/users/data-export").status == 429)
        }
    }
}
