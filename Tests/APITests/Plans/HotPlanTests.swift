import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Plans of hot statements")
struct HotPlanTests {
    /// What grows with users and what they do.
    static let growing = PlanAudit(
        growing: [
            "users", "sessions", "refresh_tokens", "security_events", "mail_links", "sent_mails", "idempotency_keys",
            "friendships",
            "blocks",
            "exercises", "exercise_ratings", "workouts", "workout_events", "workout_exercises", "workout_sets",
            "workout_plans", "workout_bases", "workout_sources", "workout_imports", "workout_import_parts",
            "workout_heart_rate", "workout_removed_watchers", "templates", "template_versions",
            "template_favorites", "template_ratings", "body_measurements", "body_values", "goals", "goal_milestones",
            "training_changes", "jobs", "dead_jobs",
        ],
        startUp: [
            "update exercises set body_weight_share", "select distinct time_zone from users",
            "update users set time_zone =",
            // Over the library alone, once an hour.
            "select from exercises where owner is null order by id", "update exercises e\nset recent_sets",
        ])

    /// What somebody does; afterwards the statements that it took are looked at.
    enum Area: String, CaseIterable, Sendable {
        case account, people, exercises, templates, workouts, progress, goals, jobs

        /// How many different statements on growing tables it takes at least: fewer would mean that nothing was tested.
        var leastStatements: Int {
            switch self {
            case .account: 10
            case .people: 6
            case .exercises: 10
            case .templates: 8
            case .workouts: 12
            case .progress: 10
            case .goals: 6
            case .jobs: 4
            }
        }
    }

    @Test("every statement on a growing table has an index that narrows it", arguments: Area.allCases)
    func plans(of area: Area) async throws {
        // With one connection, everything that was prepared is found on it.
        try await RESTServer.run(isLive: true, connections: 1) { server in
            let user = try await server.user("mara")
            let friend = try await server.user("jonas")
            try await area.run(server, user, friend)
            let (count, faults) = try await server.pool.with { connection in
                (try Self.growing.statements(on: connection).count, try Self.growing.faults(on: connection))
            }
            #expect(count >= area.leastStatements)
            #expect(faults.isEmpty, "\(faults.map(\.description).joined(separator: "\n\n"))")
        }
    }

    @Test("a statement whose index is gone is found")
    func missingIndex() async throws {
        try await RESTServer.run(isLive: true, connections: 1) { server in
            let user = try await server.user("mara")
            _ = try await user.client.get("/v1/goals")
            let before = try await server.pool.with { try Self.growing.faults(on: $0) }
            #expect(before.isEmpty)
            try await server.pool.with { try $0.script("drop index goals_of_user, goals_active") }
            let after = try await server.pool.with { try Self.growing.faults(on: $0) }
            #expect(after.contains { $0.table == "goals" })
        }
    }
}

extension HotPlanTests.Area {
    private static let squat = ExerciseSeed.id(of: "Barbell_Squat")

    fileprivate func run(_ server: RESTServer, _ user: TestUser, _ friend: TestUser) async throws {
        let client = user.client
        switch self {
        case .workouts, .progress, .goals: try await train(user)
        case .account:
            let login = LoginRequest(login: "mara", password: RESTServer.password)
            let signedIn: SignedIn = try await server.client.post("/v1/auth/login", login).decoded()
            _ = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: signedIn.tokens.refreshToken))
            try await read(client, "/v1/auth/sessions", "/v1/auth/events", "/v1/users/profile")
            _ = try await client.send("POST", "/v1/auth/logout", text: "{}")
        case .people:
            let request = try await client.send(
                "POST", "/v1/users/friends/request", text: #"{"userId": "\#(friend.id)"}"#)
            #expect(request.status == 201 || request.status == 200)
            _ = try await friend.client.send("PUT", "/v1/users/friends/\(user.id)", text: #"{"action": "accept"}"#)
            try await read(
                client,
                "/v1/users/friends", "/v1/users/friends/requests", "/v1/users/blocked", "/v1/users/\(friend.id)")
            _ = try await client.send("POST", "/v1/users/\(friend.id)/block")
        case .exercises:
            try await user.log(Self.squat)
            try await read(
                client,
                "/v1/exercises", "/v1/exercises?sort=popularity", "/v1/exercises/\(Self.squat)",
                "/v1/exercises/muscle/chest", "/v1/exercises/equipment/barbell", "/v1/exercises/stats",
                "/v1/exercises/popular", "/v1/exercises/recommended", "/v1/exercises/\(Self.squat)/similar",
                "/v1/exercises/filters", "/v1/exercises?mine=true")
            _ = try await client.send("POST", "/v1/exercises/search", text: #"{"query": "bench"}"#)
            _ = try await client.send("POST", "/v1/exercises/\(Self.squat)/rate", text: #"{"rating": 5}"#)
        case .templates:
            _ = try await TemplateSeed.load(into: server.pool, at: .now)
            let page: Page<TemplateItem> = try await client.get("/v1/templates/public?limit=2").decoded()
            let template = try #require(page.items.first).id
            try await read(
                client,
                "/v1/templates", "/v1/templates?sort=rating", "/v1/templates?sort=use", "/v1/templates?favorite=true",
                "/v1/templates?q=squat&level=beginner", "/v1/templates/my", "/v1/templates/featured",
                "/v1/templates/public?sort=rating",
                "/v1/templates/public?sort=use", "/v1/templates/\(template)", "/v1/templates/\(template)/versions")
            _ = try await client.send("POST", "/v1/templates/\(template)/favorite")
            _ = try await client.send("POST", "/v1/templates/\(template)/duplicate")
        case .jobs:
            _ = try await server.client.send(
                "POST", "/v1/auth/forgot-password", text: #"{"email": "mara@example.com"}"#)
            try await server.runJobs()
            try await server.runJobs()
        }
    }

    private func train(_ user: TestUser) async throws {
        let client = user.client
        try await user.log([Self.squat], sets: 2)
        switch self {
        case .workouts:
            let page: Page<WorkoutItem> = try await client.get("/v1/workouts").decoded()
            let workout = try #require(page.items.first).id
            try await read(
                client,
                "/v1/workouts/\(workout)", "/v1/workouts?exercise=\(Self.squat)", "/v1/workouts?status=completed",
                "/v1/workouts?from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "/v1/workouts?template=\(workout)",
                "/v1/workouts/export?format=strong&unit=kg")
            for weights in [[100.0], [100, 110]] {
                let imported = try await user.importing(Data(ImportFixture.hevy(weights).utf8))
                try await read(client, "/v1/workouts/import/\(try #require(imported.string("id"), "\(imported.text)"))")
            }
            _ = try await client.delete("/v1/workouts/\(workout)")
        case .progress:
            _ = try await client.send("POST", "/v1/progress/body", text: #"{"weightKg": 80}"#)
            try await read(
                client,
                "/v1/progress/strength", "/v1/progress/strength/\(Self.squat)", "/v1/progress/records",
                "/v1/progress/records?exercise=\(Self.squat)", "/v1/progress/volume?weeks=52", "/v1/progress/analytics",
                "/v1/progress/body", "/v1/progress/body/analytics", "/v1/progress/body/predictions")
        case .goals:
            let body = #"{"kind": "strength", "title": "Squat", "exerciseId": "\#(Self.squat)", "target": 300}"#
            let goal: Goal = try await client.send("POST", "/v1/goals", text: body).decoded()
            try await read(
                client,
                "/v1/goals", "/v1/goals?status=active", "/v1/goals/\(goal.id)", "/v1/goals/\(goal.id)/progress",
                "/v1/goals/analytics")
            _ = try await client.delete("/v1/goals/\(goal.id)")
        default: break
        }
    }

    private func read(_ client: RESTClient, _ paths: String...) async throws {
        for path in paths {
            let answer = try await client.get(path)
            #expect(answer.status == 200, "\(path)")
        }
    }
}
