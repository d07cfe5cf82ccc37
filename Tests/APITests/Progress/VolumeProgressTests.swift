import API
import Protocol
import TestKit
import Testing

@Suite("Progress of volume")
struct VolumeProgressTests {
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    private func volume(_ user: TestUser, _ weeks: Int) async throws -> VolumeReport {
        try await user.client.get("/v1/progress/volume?weeks=\(weeks)").decoded()
    }

    @Test("weeks hold tonnage, workouts and hard sets by muscle; empty weeks are shown")
    func weeks() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let now = server.clock.now
            try await ada.lift(squat, [.init(60, 5, "warmup"), .init(100, 5), .init(100, 5)], at: now - .seconds(7200))
            try await ada.lift(squat, [.init(90, 10)], at: now - .seconds(14 * 86_400 + 7200))
            let report = try await volume(ada, 4)
            #expect(report.weeks.count == 4)
            #expect(report.weekStart == .monday)
            let tonnage = report.weeks.map(\.tonnageKg)
            #expect(tonnage.reduce(0, +) == 1900)
            let trained = report.weeks.filter { $0.workouts > 0 }
            #expect(trained.map(\.tonnageKg) == [900, 1000])
            #expect(trained.last?.workingSets == 2)
            #expect(trained.last?.muscles.first { $0.muscle == "quadriceps" }?.hardSets == 2)
            #expect(trained.last?.muscles.first { $0.muscle == "glutes" }?.hardSets == 1)
            #expect(trained.last?.muscles.first { $0.muscle == "glutes" }?.tonnageKg == 500)
            #expect(try await ada.client.get("/v1/progress/volume?weeks=0").status == 422)
            #expect(try await ada.client.get("/v1/progress/volume?weeks=105").status == 422)
        }
    }

    @Test("a workout belongs to the day and week in which it began where the athlete lives")
    func zones() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            // Sunday, 16 November 2025, 23:30 in Auckland is 10:30 UTC; 12:30 UTC is Monday there.
            try await ada.lift(squat, [.init(100, 1)], at: try time("2025-11-16T10:30:00Z"))
            try await ada.lift(squat, [.init(50, 1)], at: try time("2025-11-16T12:30:00Z"))
            func weeks() async throws -> [String: Double] {
                let report = try await volume(ada, 104)
                return Dictionary(uniqueKeysWithValues: report.weeks.map { ($0.start.description, $0.tonnageKg) })
                    .filter { $0.value > 0 }
            }
            #expect(try await weeks() == ["2025-11-10": 150])
            _ = try await ada.client.send("PUT", "/v1/users/profile", text: #"{"timeZone": "Pacific/Auckland"}"#)
            #expect(try await weeks() == ["2025-11-10": 100, "2025-11-17": 50])
            _ = try await ada.client.send("PUT", "/v1/users/profile", text: #"{"weekStart": "sunday"}"#)
            #expect(try await weeks() == ["2025-11-16": 150])
            let profile: Profile = try await ada.client.get("/v1/users/profile").decoded()
            #expect(profile.weekStart == .sunday)
            #expect(
                try await ada.client.send("PUT", "/v1/users/profile", text: #"{"weekStart": "friday"}"#).status == 422)
        }
    }

    @Test("the dashboard tells streaks, load, recent records and body weight in one call")
    func dashboard() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let now = server.clock.now
            for day in [3, 2, 1] {
                try await ada.lift(
                    squat, [.init(100 + 10 * Double(3 - day), 5)], at: now - .seconds(day * 86_400), rpe: 8)
            }
            try await ada.lift(squat, [.init(60, 5)], at: now - .seconds(20 * 86_400))
            _ = try await ada.client.send("POST", "/v1/progress/body", text: #"{"weightKg": 82.5}"#)
            let board: ProgressDashboard = try await ada.client.get("/v1/progress/analytics").decoded()
            #expect(board.dayStreak.current == 3)
            #expect(board.dayStreak.longest == 3)
            #expect(board.weekStreak.current >= 1)
            #expect(board.weeks.count == 4)
            #expect(board.load.sessions == 4)
            #expect(board.load.sessionsWithoutRpe == 1)
            #expect(board.load.week == 3 * 8 * 60)
            #expect(board.load.acuteToChronic == 4)
            #expect(board.recentRecords.first?.record.achievedAt ?? now > now - .seconds(86_400))
            #expect(board.bodyWeight.latest?.value == 82.5)
            #expect(board.bodyWeight.trend.missing == .fewerThanFivePoints)
        }
    }
}
