import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Goals")
struct GoalTests {
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")

    private func ago(_ days: Int, _ server: RESTServer) -> Timestamp { server.clock.now - .seconds(86_400 * days) }

    private func set(_ user: TestUser, _ body: String) async throws -> Goal {
        try await user.client.send("POST", "/v1/goals", text: body).decoded()
    }

    private func goal(_ user: TestUser, _ id: GoalID) async throws -> Goal {
        try await user.client.get("/v1/goals/\(id)").decoded()
    }

    private func date(_ days: Int, _ server: RESTServer) -> CalendarDate {
        CalendarDate(daysSinceEpoch: Int(server.clock.now.milliseconds / 86_400_000) + days)
    }

    @Test("a strength goal moves by itself, tells each quarter once and completes at its target")
    func strength() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await ada.lift(squat, [.init(100, 1)], at: ago(30, server))
            let body = #"{"kind": "strength", "title": "Squat 120", "exerciseId": "\#(squat)", "target": 120}"#
            let created = try await ada.client.send("POST", "/v1/goals", text: body)
            #expect(created.status == 201)
            let first: Goal = try created.decoded()
            #expect(created[header: "location"] == "/v1/goals/\(first.id)")
            #expect(first.startValue == 100)
            #expect(first.current == 100)
            #expect(first.fraction == 0)
            let half = try await ada.lift(squat, [.init(110, 1), .init(105, 1)], at: server.clock.now - .seconds(1))
            var now = try await goal(ada, first.id)
            #expect(now.current == 110)
            #expect(now.fraction == 0.5)
            #expect(now.milestones.map(\.percent) == [25, 50])
            #expect(now.milestones.map(\.value) == [110, 110])
            #expect(now.status == .active)
            // The set is taken back: progress falls, what was told stays told.
            #expect(try await ada.client.delete("/v1/workouts/\(half.id)").status == 204)
            now = try await goal(ada, first.id)
            #expect(now.fraction == 0)
            #expect(now.milestones.map(\.percent) == [25, 50])
            try await ada.lift(squat, [.init(120, 1)], at: server.clock.now - .seconds(1))
            now = try await goal(ada, first.id)
            #expect(now.milestones.map(\.percent) == [25, 50, 75, 100])
            #expect(now.milestones.map(\.value) == [110, 110, 120, 120])
            #expect(now.status == .completed)
            #expect(now.isAchieved)
            let notices = try await server.pool.first("select count(*) from goal_milestones", as: Int.self)
            #expect(notices == 4)
        }
    }

    @Test("sets of a running workout show in the goal at once, and their milestones with the workout's end")
    func running() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let body = #"{"kind": "strength", "title": "Squat", "exerciseId": "\#(squat)", "target": 100}"#
            let id = try await set(ada, body).id
            let workout = try await ada.lift(
                squat, [.init(60, 1)], at: server.clock.now - .seconds(120), isCompleted: false)
            var now = try await goal(ada, id)
            #expect(now.current == 60)
            #expect(now.milestones.isEmpty)
            _ = try await ada.client.send("POST", "/v1/workouts/\(workout.id)/complete")
            now = try await goal(ada, id)
            #expect(now.milestones.map(\.percent) == [25, 50])
        }
    }

    @Test("milestones are settled without anybody asking, exactly once however many ask at the same time")
    func exactlyOnce() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let id = try await set(ada, #"{"kind": "volume", "title": "A tonne", "target": 1000}"#).id
            try await ada.lift(squat, [.init(100, 5)], at: server.clock.now - .seconds(1))
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await goal(ada, id).milestones.count } }
                for try await count in group { #expect(count == 2) }
            }
            let rows = try await server.pool.query(
                "select percent from goal_milestones where goal_id = \(id) order by percent", as: Int.self)
            #expect(rows == [25, 50])
            let left = try await server.pool.first("select count(*) from training_changes", as: Int.self)
            #expect(left == 0)
        }
    }

    @Test("an athlete who does not look gets the milestones too")
    func sweep() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let id = try await set(ada, #"{"kind": "volume", "title": "A tonne", "target": 1000}"#).id
            try await ada.lift(squat, [.init(100, 10)], at: server.clock.now - .seconds(1))
            var notices = 0
            let patience = ContinuousClock.now + Watchdog.patience
            while notices < 4, ContinuousClock.now < patience {
                notices =
                    try await server.pool.first(
                        "select count(*) from goal_milestones where goal_id = \(id)", as: Int.self) ?? 0
            }
            #expect(notices == 4)
        }
    }

    @Test("a body goal goes down as well as up and begins with the first measurement")
    func body() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let goal = try await set(ada, #"{"kind": "body", "title": "Lighter", "metric": "weightKg", "target": 80}"#)
            #expect(goal.startValue == nil)
            #expect(goal.current == nil)
            for weight in [90, 87, 88] {
                server.clock.advance(by: .seconds(60))
                _ = try await ada.client.send("POST", "/v1/progress/body", text: #"{"weightKg": \#(weight)}"#)
            }
            let now = try await self.goal(ada, goal.id)
            #expect(now.startValue == 90)
            #expect(now.current == 88)
            #expect(abs(now.fraction - 0.2) < 1e-9)
            #expect(now.milestones.map(\.percent) == [25])
        }
    }

    @Test("a consistency goal counts weeks with enough days, in the athlete's own calendar")
    func consistency() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let today = date(0, server)
            let monday = WeekStart.monday.week(of: today)
            let start = CalendarDate(daysSinceEpoch: monday.daysSinceEpoch - 14)
            func noon(_ day: Int) -> Timestamp {
                Timestamp(milliseconds: Int64(start.daysSinceEpoch + day) * 86_400_000 + 43_200_000)
            }
            // Two days in the first week (one of them twice), one in the second.
            for day in [0, 0, 3, 8] { try await ada.lift(squat, [.init(50, 5)], at: noon(day)) }
            let body = #"""
                {"kind": "consistency", "title": "Twice a week", "daysPerWeek": 2, "target": 4, "startsOn": "\#(start)"}
                """#
            let goal = try await set(ada, body)
            #expect(goal.current == 1)
            #expect(goal.milestones.map(\.percent) == [25])
            #expect(goal.milestones.first?.reachedAt == noon(3) + .seconds(3600))
            try await ada.lift(squat, [.init(50, 5)], at: noon(9))
            #expect(try await self.goal(ada, goal.id).fraction == 0.5)
        }
    }

    @Test("progress shows the points and projects a date with its interval, or says why not")
    func projection() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let weights = [(42, 90.0), (35, 89.4), (28, 89.1), (21, 88.4), (14, 88.0), (7, 87.5)]
            for (days, weight) in weights.dropLast(3) {
                let at = ago(days, server).rfc3339
                _ = try await ada.client.send(
                    "POST", "/v1/progress/body", text: #"{"weightKg": \#(weight), "measuredAt": "\#(at)"}"#)
            }
            let start = date(-42, server)
            let body = #"""
                {"kind": "body", "title": "85", "metric": "weightKg", "target": 85, "startsOn": "\#(start)",
                 "dueOn": "\#(date(200, server))"}
                """#
            let id = try await set(ada, body).id
            let early: GoalProgress = try await ada.client.get("/v1/goals/\(id)/progress").decoded()
            #expect(early.projection == nil)
            #expect(early.missing == .fewerThanFivePoints)
            for (days, weight) in weights.suffix(3) {
                let at = ago(days, server).rfc3339
                _ = try await ada.client.send(
                    "POST", "/v1/progress/body", text: #"{"weightKg": \#(weight), "measuredAt": "\#(at)"}"#)
            }
            let progress: GoalProgress = try await ada.client.get("/v1/goals/\(id)/progress").decoded()
            #expect(progress.points.map(\.value) == weights.map(\.1))
            let projection = try #require(progress.projection)
            // About half a kilogram a week: 2.5 kg are some 36 days from the last measurement.
            #expect((20...40).contains(projection.date.daysSinceEpoch - date(0, server).daysSinceEpoch))
            #expect(projection.earliest <= projection.date)
            #expect(projection.latest.map { $0 >= projection.date } ?? true)
            #expect(projection.isInTime == true)
            let away = try await set(
                ada, #"{"kind": "body", "title": "95", "metric": "weightKg", "target": 95, "startsOn": "\#(start)"}"#)
            let other: GoalProgress = try await ada.client.get("/v1/goals/\(away.id)/progress").decoded()
            #expect(other.missing == .leadsAway)
        }
    }
}
