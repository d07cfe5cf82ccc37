import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Imports by a job")
struct ImportJobTests {
    private static let small: @Sendable (inout APIConfiguration) -> Void = { $0.importAtOnceBytes = 1000 }

    @Test("a large file is answered 202, worked on by a job, and its import is nobody else's")
    func job() async throws {
        try await RESTServer.run(isLive: true, adjust: Self.small) { server in
            let (ada, eve) = (try await server.user("ada"), try await server.user("eve"))
            let data = try ImportFixture.whole("hevy_kg_emoji")
            let key = [("Content-Type", "text/csv"), ("Idempotency-Key", "k1")]
            let accepted = try await ada.importing(data, headers: key)
            #expect(accepted.status == 202)
            let waiting: WorkoutImport = try accepted.decoded()
            #expect(waiting.status == .queued)
            let path = "/v1/workouts/import/\(waiting.id)"
            #expect(accepted[header: "location"] == path)
            #expect(try await ada.importing(data, headers: key).text == accepted.text)
            #expect(try await ada.importing(data).code == "limitReached")
            #expect(try await eve.client.get(path).status == 404)
            #expect(try await server.count("workouts") == 0)
            try await server.runJobs()
            let done: WorkoutImport = try await ada.client.get(path).decoded()
            #expect(done.status == .completed)
            #expect(done.doneBytes == data.count)
            #expect(done.finishedAt != nil)
            #expect(done.report.workouts.created == 17)
            #expect(done.report.items.count == 17)
            #expect(try await server.count("workouts") == 17)
            #expect(try await server.count("workout_import_parts") == 0)
            #expect(try await ada.importing(data).status == 202)
        }
    }

    @Test("a job that ends in the middle goes on behind what it had done, and counts it as its own")
    func resumed() async throws {
        try await RESTServer.run(isLive: true, adjust: Self.small) { server in
            let ada = try await server.user("ada")
            let log = String(decoding: try ImportFixture.whole("hevy_kg_emoji"), as: UTF8.self)
                .replacing("Lunge (Barbell)", with: "Zercher Yoke Carry")
            let id = try await ada.importing(Data(log.utf8)).decoded(as: WorkoutImport.self).id
            // Postgres refuses the twelfth workout: the attempt ends there.
            try await server.pool.execute(
                """
                create function twelfth() returns trigger language plpgsql as $$ begin
                    if (select count(*) from workouts) >= 11 then raise exception 'twelfth'; end if;
                    return new;
                end $$
                """)
            try await server.pool.execute(
                "create trigger twelfth before insert on workouts for each row execute function twelfth()")
            try await server.runJobs()
            #expect(try await server.count("workouts") == 11)
            let path = "/v1/workouts/import/\(id)"
            #expect(try await ada.client.get(path).decoded(as: WorkoutImport.self).status == .running)
            try await server.pool.execute("drop trigger twelfth on workouts")
            server.clock.advance(by: .seconds(600))
            try await server.runJobs()
            let done = try await server.pool.first(
                "select status, report #>> '{workouts,created}' from workout_imports where id = \(id)",
                as: (String, String).self)
            #expect(done?.0 == "completed")
            #expect(done?.1 == "17")
            let report = try await ada.client.get(path).decoded(as: WorkoutImport.self).report
            #expect(report.exercises.first { $0.name == "Zercher Yoke Carry" }?.outcome == .created)
            #expect(try await server.count("workouts") == 17)
        }
    }

    @Test("a file that turns out to be unreadable fails with its reason and changes nothing")
    func failed() async throws {
        try await RESTServer.run(isLive: true, adjust: Self.small) { server in
            let ada = try await server.user("ada")
            // Longer than what is looked at before the job is made.
            var log = ImportFixture.hevyHeader
            for day in 0..<60 {
                log += ImportFixture.hevy(
                    Array(repeating: 100, count: 100), start: "\(day % 28 + 1) Jan \(2001 + day / 28), 07:48",
                    header: false)
            }
            log += String(repeating: "\"Push\",\"never\",,,Squat,,,0,normal,1,5,,,\n", count: 20_000)
            let id = try await ada.importing(Data(log.utf8)).decoded(as: WorkoutImport.self).id
            try await server.runJobs()
            let done: WorkoutImport = try await ada.client.get("/v1/workouts/import/\(id)").decoded()
            #expect(done.status == .failed)
            #expect(done.failure?.contains("too many rows cannot be read") == true)
            #expect(try await server.count("workouts") == 0)
        }
    }

    @Test("old reports are swept away")
    func swept() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            _ = try await ada.imported(ImportFixture.hevy([100]))
            let store = ImportStore(pool: server.pool, now: { server.clock.now })
            #expect(try await store.removeOld() == 0)
            server.clock.advance(by: .seconds(31 * 86_400))
            #expect(try await store.removeOld() == 1)
        }
    }

    @Test("100,000 rows are imported in bounded memory")
    func bounded() async throws {
        try await RESTServer.run(isLive: true, adjust: Self.small) { server in
            let ada = try await server.user("ada")
            var log = ImportFixture.hevyHeader
            for workout in 0..<2500 {
                let (day, month) = (workout % 28 + 1, ["Jan", "Feb", "Mar", "Apr"][workout / 28 % 4])
                let start = "\(day) \(month) \(2001 + workout / 112), 07:48"
                for set in 0..<40 {
                    log += "\"Push\",\"\(start)\",,,\"Lift \(set / 4)\",,,\(set % 4),normal,\(50 + set),5,,,8\n"
                }
            }
            let id = try await ada.importing(Data(log.utf8)).decoded(as: WorkoutImport.self).id
            log = ""
            try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
            let before = try Self.resident("VmRSS:")
            try await server.runJobs()
            let peak = try Self.resident("VmHWM:")
            let done: WorkoutImport = try await ada.client.get("/v1/workouts/import/\(id)").decoded()
            #expect(done.report.rows == 100_000)
            #expect(done.report.workouts.created == 2500)
            #expect(try await server.count("workout_sets") == 100_000)
            print("100,000 rows: resident \(before >> 20) MiB before, \(peak >> 20) MiB at most")
            #expect(peak - before < 96 << 20)
        }
    }

    /// What the process holds of memory, from the kernel: now (`VmRSS:`), or at most since that was reset (`VmHWM:`).
    private static func resident(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name) })
        let kibibytes = try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
        return kibibytes * 1024
    }
}
