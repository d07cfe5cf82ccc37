import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Rules of goals")
struct GoalRuleTests {
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")
    private let volume = #"{"kind": "volume", "title": "Heavy", "target": 1000}"#

    @Test(
        "goals that make no sense are refused",
        arguments: [
            "{}", #"{"kind": "fame", "title": "x", "target": 1}"#, #"{"kind": "volume", "title": " ", "target": 5}"#,
            #"{"kind": "volume", "title": "x", "target": 0}"#, #"{"kind": "strength", "title": "x", "target": 100}"#,
            #"{"kind": "body", "title": "x", "target": 80}"#, #"{"kind": "consistency", "title": "x", "target": 4}"#,
            #"{"kind": "consistency", "title": "x", "target": 4.5, "daysPerWeek": 2}"#,
            #"{"kind": "consistency", "title": "x", "target": 4, "daysPerWeek": 8}"#,
            #"{"kind": "volume", "title": "x", "target": 5, "metric": "weightKg"}"#,
            #"{"kind": "body", "title": "x", "target": 600, "metric": "weightKg"}"#,
            #"{"kind": "volume", "title": "x", "target": 5, "dueOn": "2001-01-01"}"#,
            #"{"kind": "volume", "title": "x", "target": 5, "startsOn": "2999-01-01"}"#,
            #"{"kind": "volume", "title": "x", "target": 5, "startsOn": "2001-01-01"}"#,
            #"{"kind": "strength", "title": "x", "target": 5, "exerciseId": "019aa8dc-4800-7d7a-82ed-000000000000"}"#,
        ])
    func refused(body: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(try await ada.client.send("POST", "/v1/goals", text: body).status == 422)
        }
    }

    @Test("a goal that is reached already is refused")
    func reached() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await ada.lift(squat, [.init(100, 1)], at: server.clock.now - .seconds(86_400))
            let body = #"{"kind": "strength", "title": "x", "exerciseId": "\#(squat)", "target": 100}"#
            #expect(try await ada.client.send("POST", "/v1/goals", text: body).status == 422)
        }
    }

    @Test("another's goal does not exist")
    func foreign() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let goal: Goal = try await ada.client.send("POST", "/v1/goals", text: volume).decoded()
            let path = "/v1/goals/\(goal.id)"
            #expect(try await bob.client.get(path).status == 404)
            #expect(try await bob.client.get("\(path)/progress").status == 404)
            #expect(try await bob.client.send("PUT", path, text: #"{"title": "Mine"}"#).status == 404)
            #expect(try await bob.client.send("POST", "\(path)/complete").status == 404)
            #expect(try await bob.client.delete(path).status == 404)
            #expect(try await server.client.get(path).status == 401)
            let list: Page<Goal> = try await bob.client.get("/v1/goals").decoded()
            #expect(list.items.isEmpty)
            #expect(try await ada.client.get("/v1/goals/none").status == 404)
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await ada.client.get(path).status == 404)
        }
    }

    @Test("an open goal is changed under its tag; one that is over is not")
    func change() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let created = try await ada.client.send("POST", "/v1/goals", text: volume)
            let tag = try #require(created[header: "etag"])
            let goal: Goal = try created.decoded()
            let path = "/v1/goals/\(goal.id)"
            #expect(try await ada.client.get(path, headers: [("If-None-Match", tag)]).status == 304)
            let changed = try await ada.client.send(
                "PUT", path, text: #"{"title": "Heavier", "target": 2000}"#, headers: [("If-Match", tag)])
            #expect(try changed.decoded(as: Goal.self).target == 2000)
            let late = try await ada.client.send("PUT", path, text: #"{"target": 5}"#, headers: [("If-Match", tag)])
            #expect(late.status == 412)
            #expect(try await ada.client.send("PUT", path, text: #"{"target": null}"#).status == 422)
            #expect(try await ada.client.send("PUT", path, text: #"{"dueOn": "2001-01-01"}"#).status == 422)
            let done: Goal = try await ada.client.send("POST", "\(path)/complete").decoded()
            #expect(done.status == .completed)
            #expect(!done.isAchieved)
            #expect(done.milestones.isEmpty)
            #expect(try await ada.client.send("POST", "\(path)/complete").code == "wrongState")
            #expect(try await ada.client.send("PUT", path, text: #"{"title": "Late"}"#).code == "wrongState")
        }
    }

    @Test("a repeat under the same key makes one goal; 50 may be open at once")
    func keysAndLimit() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let headers = [("Idempotency-Key", "goal-1")]
            let first = try await ada.client.send("POST", "/v1/goals", text: volume, headers: headers)
            let again = try await ada.client.send("POST", "/v1/goals", text: volume, headers: headers)
            #expect(first.string("id") == again.string("id"))
            for _ in 1..<50 { #expect(try await ada.client.send("POST", "/v1/goals", text: volume).status == 201) }
            #expect(try await ada.client.send("POST", "/v1/goals", text: volume).code == "limitReached")
        }
    }

    @Test("there are at most a thousand goals, those that are over among them")
    func limit() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            _ = try await ada.client.send("POST", "/v1/goals", text: volume)
            try await server.pool.execute(
                """
                insert into goals (id, user_id, kind, title, exercise_id, metric, days_per_week, starts_on, due_on, start_value,
                    target, created_at, status, completed_at)
                select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, user_id, kind, title, exercise_id, metric,
                    days_per_week, starts_on, due_on, start_value, target, created_at, 'completed', created_at
                from goals, generate_series(1, \(Goals.limit - 1)::integer) n
                """)
            #expect(try await ada.client.send("POST", "/v1/goals", text: volume).code == "limitReached")
        }
    }

    @Test("lists are filtered by status and kind and stay whole while goals are set")
    func lists() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            var ids: [GoalID] = []
            let today = CalendarDate(daysSinceEpoch: Int(server.clock.now.milliseconds / 86_400_000))
            for kind in ["volume", "consistency", "volume"] {
                server.clock.advance(by: .seconds(1))
                let days = kind == "consistency" ? #", "daysPerWeek": 3, "dueOn": "\#(today)""# : ""
                let body = #"{"kind": "\#(kind)", "title": "x", "target": 10\#(days)}"#
                let goal: Goal = try await ada.client.send("POST", "/v1/goals", text: body).decoded()
                ids.insert(goal.id, at: 0)
            }
            let first: Page<Goal> = try await ada.client.get("/v1/goals?limit=2").decoded()
            #expect(first.items.map(\.id) == Array(ids.prefix(2)))
            server.clock.advance(by: .seconds(1))
            _ = try await ada.client.send("POST", "/v1/goals", text: volume)
            let cursor = try #require(first.nextCursor)
            let rest: Page<Goal> = try await ada.client.get("/v1/goals?cursor=\(cursor)").decoded()
            #expect(rest.items.map(\.id) == [ids[2]])
            _ = try await ada.client.send("POST", "/v1/goals/\(ids[0])/complete")
            server.clock.advance(by: .seconds(2 * 86_400))
            func list(_ query: String) async throws -> [GoalID] {
                try await server.fresh(ada).get("/v1/goals?\(query)").decoded(as: Page<Goal>.self).items.map(\.id)
            }
            #expect(try await list("status=completed") == [ids[0]])
            #expect(try await list("status=missed") == [ids[1]])
            #expect(try await list("status=active&kind=volume").count == 2)
            #expect(try await server.fresh(ada).get("/v1/goals?status=lost").status == 422)
            let analytics: GoalAnalytics = try await server.fresh(ada).get("/v1/goals/analytics").decoded()
            #expect(analytics.goals == 4)
            #expect(analytics.active == 2)
            #expect(analytics.missed == 2)
            #expect(analytics.hitRate == 0)
            #expect(analytics.medianDaysToGoal == nil)
            #expect(analytics.kinds.map(\.kind) == [.consistency, .volume])
        }
    }
}

extension RESTServer {
    /// A client of the user's whose token was issued by the clock as it is now.
    fileprivate func fresh(_ user: TestUser) async throws -> RESTClient {
        let login = #"{"login": "\#(user.account.username)", "password": "\#(Self.password)"}"#
        let signedIn: SignedIn = try await client.send("POST", "/v1/auth/login", text: login).decoded()
        return RESTClient(port: port, token: signedIn.tokens.accessToken)
    }
}
