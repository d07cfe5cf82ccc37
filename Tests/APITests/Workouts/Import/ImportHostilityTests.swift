import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Hostile training logs")
struct ImportHostilityTests {
    private static let utf16 = Data("Date,Workout Name".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })

    @Test(
        "what is no training log is refused whole and changes nothing",
        arguments: [
            Data(), Data("\n\n\n".utf8), Data("{\"a\": 1}".utf8), Data("a,b,c\n1,2,3\n4,5,6\n".utf8), utf16,
            Data([0xFF, 0xFE]) + utf16, Data([0, 0, 0]), Data([0x1F, 0x8B, 8, 0, 0, 0]), Data("PK\u{3}\u{4}".utf8),
            Data(repeating: UInt8(ascii: "x"), count: 1 << 20), Data(repeating: UInt8(ascii: "\""), count: 1 << 20),
            Data(String(repeating: "\"\n", count: 5000).utf8), Data(ImportFixture.hevyHeader.utf8.dropLast(60)),
        ])
    func noLog(data: Data) async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let answer = try await ada.importing(data)
            #expect(answer.code == "malformedBody")
            #expect(try await server.count("workouts") == 0)
            #expect(try await server.count("workout_imports") == 0)
        }
    }

    @Test(
        "rows with zero bytes, broken UTF-8, endless lines, open quotes and impossible numbers are refused one by one")
    func badRows() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            func row(_ cells: String) -> Data { Data("\"Push\",\"15 Sep 2025, 07:48\",,,\(cells)\n".utf8) }
            var data = Data([0xEF, 0xBB, 0xBF]) + Data(ImportFixture.hevyHeader.utf8)
            data += row("Squat (Barbell),,,0,normal,100,5,,,8")
            data += row("Squat\u{0},,,1,normal,100,5,,,")
            data +=
                Data("\"Push\",\"15 Sep 2025, 07:48\",,,Sq".utf8) + Data([0xC3, 0x28])
                + Data(",,,1,normal,1,5,,,\n".utf8)
            data += row("\(String(repeating: "x", count: 1 << 20)),,,1,normal,100,5,,,")
            for number in ["-1", "1e9", "NaN", "inf", "99999999999999999999", "0x10", "1001"] {
                data += row("Squat (Barbell),,,1,normal,\(number),5,,,")
            }
            for reps in ["-1", "1001", "99999999999", "five"] {
                data += row("Squat (Barbell),,,1,normal,100,\(reps),,,")
            }
            data += row("Squat (Barbell),,,1,normal,100,,,90000,")
            data += row("Squat (Barbell),,,1,strange,100,5,,,")
            data += row("Squat (Barbell),,,2,normal,110,5,,,")
            data += Data("\"Push\",\"15 Sep 2025, 07:48\",,,\"open,,,1,normal,100,5,,,\n".utf8)
            let report = try await ada.imported(data).report
            #expect(report.sets.created == 2)
            #expect(report.lines.filter(\.isRefused).count >= 17)
            #expect(try await server.count("workout_sets") == 2)
            let weights = try await server.pool.query("select weight_g from workout_sets order by 1", as: Int.self)
            #expect(weights == [100_000, 110_000])
        }
    }

    @Test(
        "a file of more than 50,000 workouts is refused whole with the line that is too much", arguments: [true, false])
    func manyWorkouts(atOnce: Bool) async throws {
        try await RESTServer.run(isLive: true, adjust: { $0.importAtOnceBytes = atOnce ? 16 << 20 : 1000 }) { server in
            let ada = try await server.user("ada")
            var log = ImportFixture.strongHeader
            for number in 1...50_001 { log += "\(number);2024-01-02 10:00:00;A;60;Squat;1;100;5;;;;;\n" }
            let answer = try await ada.importing(Data(log.utf8))
            if atOnce {
                #expect(answer.code == "malformedBody")
                #expect(try answer.problem.detail?.contains("Line 50002: ") == true)
                #expect(try answer.problem.detail?.contains("more than 50000 workouts") == true)
            } else {
                try await server.runJobs()
                let id = try answer.decoded(as: WorkoutImport.self).id
                let done: WorkoutImport = try await ada.client.get("/v1/workouts/import/\(id)").decoded()
                #expect(done.status == .failed)
                #expect(done.failure?.contains("more than 50000 workouts") == true)
                #expect(try await server.count("workout_import_parts") == 0)
            }
            #expect(try await server.count("workouts") == 0)
            #expect(try await server.count("workout_sources") == 0)
            let own = try await server.pool.first(
                "select count(*) from exercises where owner is not null", as: Int.self)
            #expect(own == 0)
        }
    }

    @Test("rows beyond the 5,000 of one workout are refused line by line, the next workout is read")
    func manyRows() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            func row(_ order: String, _ workout: Int = 1) -> String {
                "\(workout);2024-01-0\(workout) 10:00:00;Long;3600;Squat (Barbell);\(order);100;5;;;30;;\n"
            }
            let rests = String(repeating: row("Rest Timer"), count: 4999)
            let log = ImportFixture.strongHeader + row("1") + rests + row("2") + row("3") + row("1", 2)
            let report = try await ada.imported(log).report
            #expect(report.workouts.created == 2)
            #expect(report.sets.created == 2)
            #expect(report.sets.refused == 2)
            #expect(report.lines.map(\.line) == [5002, 5003])
            #expect(report.lines.map(\.code) == ["workoutTooLong", "workoutTooLong"])
            #expect(report.lines.first?.detail == "its workout has more than 5000 rows")
            #expect(try await server.count("workout_sets") == 2)
        }
    }

    @Test("a formula in a cell is text, and leaves as text that no spreadsheet runs")
    func formulas() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let name = "=HYPERLINK(1)"
            _ = try await ada.imported(ImportFixture.hevy([100], title: name, exercise: "@SUM(A1)"))
            let history: Page<WorkoutItem> = try await ada.client.get("/v1/workouts").decoded()
            #expect(history.items.first?.name == name)
            let csv = try await ada.client.get("/v1/workouts/export?format=hevy").text
            #expect(csv.contains("\n'=HYPERLINK(1),"))
            #expect(csv.contains(",'@SUM(A1),"))
        }
    }

    @Test("compressed bodies, other types and files beyond 64 MiB are refused")
    func refused() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let log = Data(ImportFixture.hevy([100]).utf8)
            let csv = ("Content-Type", "text/csv")
            #expect(try await ada.importing(log, headers: [csv, ("Content-Encoding", "gzip")]).status == 415)
            #expect(try await ada.importing(log, headers: [("Content-Type", "application/json")]).status == 415)
            #expect(
                try await server.client.send("POST", "/v1/workouts/import", json: log, headers: [csv]).status == 401)
            let socket = try await RawSocket.connect(port: server.port)
            try await socket.write(
                "POST /v1/workouts/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
                    + "Content-Length: \((64 << 20) + 1)\r\nAuthorization: Bearer \(ada.tokens.accessToken)\r\n\r\n")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 413"))
            try await socket.close()
            #expect(try await server.count("workouts") == 0)
        }
    }

    @Test("a connection that is cut in the middle of its file imports nothing and leaves no file behind")
    func cut() async throws {
        let directory = NSTemporaryDirectory() + "fitai-spool-\(UUIDv7.make())"
        try await RESTServer.run(isLive: true, adjust: { $0.spoolDirectory = directory }) { server in
            let ada = try await server.user("ada")
            let log = ImportFixture.hevy([100, 110])
            let socket = try await RawSocket.connect(port: server.port)
            try await socket.write(
                "POST /v1/workouts/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 100000\r\n"
                    + "Authorization: Bearer \(ada.tokens.accessToken)\r\n\r\n" + log)
            try await socket.close()
            // Once the server has noticed the cut, the upload's place is free: two more fit beside each other.
            var statuses: [Int] = []
            for _ in 0..<1000 where statuses != [200, 200] {
                async let first = ada.importing(Data(log.utf8))
                async let second = ada.importing(Data(log.utf8))
                statuses = [try await first.status, try await second.status]
            }
            #expect(statuses == [200, 200])
            #expect(try await server.count("workouts") == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
        try FileManager.default.removeItem(atPath: directory)
    }
}
