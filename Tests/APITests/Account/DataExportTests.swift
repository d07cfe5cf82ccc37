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

    /// As the server has it, but for the parts and the size of small accounts.
    private func exports(
        _ server: RESTServer, parts: [ExportPart] = PersonalData.exportParts, atOnceRows: Int = 0
    ) -> DataExports {
        let now: @Sendable () -> Timestamp = { server.clock.now }
        return DataExports(
            pool: server.pool, jobs: Jobs(now: now), files: ExportFiles(directory: server.exportDirectory),
            parts: parts, attachments: server.api.avatars.attachments, atOnceRows: atOnceRows, now: now, logger: .silent
        )
    }

    @Test("a large account's export is gathered by a job, and is a ZIP of JSON and CSV with all that is held")
    func byJob() async throws {
        try await RESTServer.run(isLive: true, adjust: { $0.exportAtOnceRows = 0 }) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let avatar = try await Self.fill(ada, beside: bob, server)
            let answer = try await ada.client.get("/v1/users/data-export")
            let asked: DataExport = try answer.decoded()
            #expect(answer[header: "location"] == "/v1/users/data-export/\(asked.id)")
            #expect(asked.status == .waiting)
            #expect(asked.download == nil)
            #expect(try await ada.client.get("/v1/users/data-export/\(asked.id)/download").code == "wrongState")
            try await server.runJobs()
            let ready: DataExport = try await ada.client.get("/v1/users/data-export/\(asked.id)").decoded()
            #expect(ready.status == .ready)
            let file = try await ada.client.get(try #require(ready.download))
            #expect(file.body.count == ready.sizeBytes)
            try Self.check(file, showing: bob, and: avatar)
            #expect(try await ada.client.get("/v1/users/data-export").body == file.body)
        }
    }

    @Test("a small account's export comes at once, and within an hour the same again; its job has nothing left to do")
    func atOnce() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let avatar = try await Self.fill(ada, beside: bob, server)
            let file = try await ada.client.get("/v1/users/data-export")
            try Self.check(file, showing: bob, and: avatar)
            #expect(file[header: "cache-control"] == "private, no-store")
            let made = try files(server)
            #expect(made.count == 1)
            server.clock.advance(by: DataExports.lookedAfter + .seconds(1))
            try await server.runJobs()
            #expect(try await ada.client.get("/v1/users/data-export").body == file.body)
            #expect(try files(server) == made)
            let rows = try await server.pool.query("select status from data_exports", as: String.self)
            #expect(rows == ["ready"])
            #expect(try await jobs(server) == 0)
            #expect(try await server.client.get("/v1/users/data-export").status == 401)
        }
    }

    private func jobs(_ server: RESTServer) async throws -> Int? {
        try await server.pool.first("select count(*) from jobs where kind = 'account.dataExport'", as: Int.self)
    }

    @Test("numbers come as Postgres has them, however many digits it writes them with")
    func numbers() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let statements: [SQL] = [
                """
                insert into workouts (id, user_id, seq, status, started_at, tonnage, working_ms, resting_ms)
                values (gen_random_uuid(), \(ada.id), 1, 'completed', now(), 12345678, 3600000, 1234567)
                """,
                """
                insert into workout_sets (workout_id, id, entry_id, user_id, type, weight_g, reps, distance_mm,
                    duration_ms, logged_at)
                select id, gen_random_uuid(), id, user_id, 'normal', 1225000, 5, 42195125, 5400000, started_at
                from workouts
                """,
            ]
            for statement in statements { try await server.pool.execute(statement) }
            let body = #"{"weightKg": 82.41666666666667, "bodyFatPercent": 14.333333333333334, "waistCm": 84.1}"#
            #expect(try await ada.client.send("POST", "/v1/progress/body", text: body).status == 201)
            let answer = try await ada.client.get("/v1/users/data-export")
            #expect(answer.status == 200)
            let archive = try ZipArchive(answer.body)
            let text = try archive.names.filter { $0.hasSuffix(".json") }.map { try archive.text($0) }.joined()
            for number in ["1225", "42195.125", "5400", "12345.678", "82.41666666666667", "14.333333333333334"] {
                #expect(text.contains(":\(number),") || text.contains(":\(number)}"), "\(number)")
            }
        }
    }

    @Test("accounts up to the bound come at once, one row more goes to the job")
    func bound() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            /// With the row of the export itself.
            func rows(_ user: TestUser) async throws -> Int {
                try await server.pool.with { connection in
                    try 1 + ExportPart.count(PersonalData.exportParts, of: user.id, upTo: 1000, on: connection)
                }
            }
            guard case .file = try await exports(server, atOnceRows: try await rows(ada)).ask(ada.id) else {
                Issue.record("not at once")
                return
            }
            guard case .waiting = try await exports(server, atOnceRows: try await rows(bob) - 1).ask(bob.id) else {
                Issue.record("at once, although it is one row too large")
                return
            }
            try await server.runJobs()
            #expect(try files(server).count == 2)
        }
    }

    @Test("where all seats are taken the job does it, due now, and seats are free again after a failure")
    func seats() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let full = exports(server, atOnceRows: 1000)
            while full.seats.take() {}
            guard case .waiting(let export) = try await full.ask(ada.id) else {
                Issue.record("gathered without a seat")
                return
            }
            try await server.runJobs()
            #expect(try files(server) == ["\(export.id).zip"])
            let broken = exports(server, parts: Self.broken, atOnceRows: 1000)
            for _ in 0..<3 {
                guard case .waiting = try await broken.ask(bob.id) else {
                    Issue.record("gathered what cannot be")
                    return
                }
            }
            #expect(broken.seats.take() && broken.seats.take() && !broken.seats.take())
            #expect(try files(server).count == 1)
            // The job looks after what failed, once its time has come.
            try await server.runJobs()
            #expect(try files(server).count == 1)
            server.clock.advance(by: DataExports.lookedAfter + .seconds(1))
            try await server.runJobs()
            #expect(try files(server).count == 2)
            #expect(try await jobs(server) == 0)
        }
    }

    /// Parts that can be counted and not be read.
    private static let broken = [
        ExportPart("broken", tables: [], columns: [ExportColumn("never", "1 / 0")], key: [.id("id")]) { user in
            "from users where id = \(user)"
        }
    ]

    @Test("a file that is lost is told so, and the next ask makes a new one")
    func lost() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.get("/v1/users/data-export").status == 200)
            for name in try files(server) {
                try FileManager.default.removeItem(at: server.exportDirectory.appendingPathComponent(name))
            }
            #expect(try await ada.client.get("/v1/users/data-export").status == 503)
            #expect(try await ada.client.get("/v1/users/data-export").status == 200)
        }
    }

    @Test("all parts are of one moment: what is written while an export is gathered does not show in it")
    func snapshot() async throws {
        try await RESTServer.exportingByJob { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let export = try await ask(ada)
            let (locked, announce) = AsyncStream.makeStream(of: Void.self)
            async let writing: Void = server.pool.transaction { connection in
                try connection.execute("lock table blocks in access exclusive mode")
                announce.finish()
                // The export has read the profile, and so begun, when it stands in line for this table.
                try connection.waitForLocks(on: "blocks", count: 1)
                try connection.execute(
                    "insert into blocks (blocker, blocked, blocked_at) values (\(ada.id), \(bob.id), now())")
            }
            for await _ in locked {}
            try await server.runJobs()
            try await writing
            let archive = try ZipArchive(
                try await ada.client.get("/v1/users/data-export/\(export.id)/download").body)
            #expect(try archive.json("blocks.json").array?.isEmpty == true)
            let blocked: Page<BlockedUser> = try await ada.client.get("/v1/users/blocked").decoded()
            #expect(blocked.items.map(\.user.id) == [bob.id])
        }
    }

    @Test("a picture whose file is gone is left out; a store that is away leaves no export without it")
    func pictures() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let avatar: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
            let small = "\(try #require(Self.id(of: avatar)))-64.jpg"
            try FileManager.default.removeItem(at: server.objectDirectory.appendingPathComponent("avatars/\(small)"))
            let archive = try ZipArchive(try await ada.client.get("/v1/users/data-export").body)
            #expect(archive.names.count { $0.hasPrefix("pictures/") } == 2)
            #expect(!archive.names.contains("pictures/\(small)"))
        }
        let nowhere = try #require(OutgoingAddress("http://127.0.0.1:9"))
        let s3 = S3Configuration(
            endpoint: nowhere, bucket: "pictures", region: "eu-1", accessKeyId: "k", secretAccessKey: "s")
        try await RESTServer.run(adjust: { $0.objects = .s3(s3) }) { server in
            let ada = try await server.user("ada")
            try await server.pool.execute(
                """
                insert into avatars (id, user_id, state, created_at)
                values (\(UUIDv7.make()), \(ada.id), 'current', \(server.clock.now))
                """)
            #expect(try await ask(ada).status == .waiting)
            #expect(try files(server).isEmpty)
        }
    }

    private static func id(of avatar: Profile.Avatar) -> UUIDv7? {
        UUIDv7(String(avatar.small.split(separator: "/")[2]))
    }

    private static func check(_ answer: RESTAnswer, showing bob: TestUser, and avatar: Profile.Avatar) throws {
        #expect(answer.status == 200)
        #expect(answer[header: "content-type"] == "application/zip")
        #expect(answer[header: "content-disposition"]?.hasPrefix("attachment; filename=\"fitai-data-20") == true)
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
        let index = try archive.json("index.json")
        let counted = index["parts"]?.array?.compactMap { $0["name"]?.string }
        #expect(counted == PersonalData.exportParts.map(\.name))
        let id = try #require(Self.id(of: avatar))
        let pictures = [64, 256, 1024].map { "pictures/\(id)-\($0).jpg" }
        #expect(index["files"]?.array?.compactMap { $0["name"]?.string } == pictures)
        let names = Set(
            PersonalData.exportParts.flatMap { ["\($0.name).json", "\($0.name).csv"] } + pictures + ["index.json"])
        #expect(Set(archive.names) == names)
        for (name, side) in zip(pictures, [64, 256, 400]) {
            #expect(AvatarFiles.read(try archive.bytes(name))?.width == side)
        }
        for name in archive.names {
            let text = try archive.text(name)
            #expect(!text.contains("argon2"), "\(name)")
            #expect(!text.contains("bob@example.com"), "\(name)")
        }
    }

    /// Something in many places, and a picture.
    private static func fill(
        _ ada: TestUser, beside bob: TestUser, _ server: RESTServer
    ) async throws -> Profile.Avatar {
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
        return try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
    }

    @Test("a repeat gives the same export while it is gathered and for an hour; then a new one takes its place")
    func repeated() async throws {
        try await RESTServer.exportingByJob { server in
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
            let same = try await server.client(token: try await login(server)).get("/v1/users/data-export")
            #expect(same.status == 200)
            #expect(try files(server) == ["\(id).zip"])
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
        try await RESTServer.exportingByJob { server in
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
        try await RESTServer.exportingByJob { server in
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
        try await RESTServer.exportingByJob { server in
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
        try await RESTServer.exportingByJob { server in
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
        try await RESTServer.exportingByJob { server in
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
            $0.exportAtOnceRows = 0
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

extension RESTServer {
    /// A server to which every account is large.
    fileprivate static func exportingByJob(_ body: (RESTServer) async throws -> Void) async throws {
        try await run(adjust: { $0.exportAtOnceRows = 0 }, body)
    }
}
