import HTTPTypes
import Protocol

/// `/v1/goals`: goals whose progress comes from workouts and measurements.
struct GoalRoutes: Sendable {
    let goals: Goals

    func declare(on routes: inout RouteTable) {
        routes.get("/v1/goals", "One's goals, the newest first", use: list)
        routes.post(
            "/v1/goals", "Sets a goal", status: .created,
            // A retry of a call whose goal was deleted meanwhile finds none.
            RouteOptions(
                problems: [.idTaken, .limitReached, .notFound], limit: .write, isKeyed: true, caching: .tagged),
            use: create)
        routes.get("/v1/goals/analytics", "Hit rate and time to goal", use: analytics)
        routes.get("/v1/goals/:id", "One goal", RouteOptions(hasFields: true, caching: .tagged), use: goal)
        routes.put(
            "/v1/goals/:id", "Changes an open goal's title, target and day",
            RouteOptions(problems: [.preconditionFailed, .wrongState], limit: .write, caching: .tagged), use: change)
        routes.delete("/v1/goals/:id", "Deletes a goal", use: delete)
        routes.post(
            "/v1/goals/:id/complete", "Ends a goal by hand",
            RouteOptions(problems: [.wrongState], limit: .write, isKeyed: true, caching: .tagged), use: complete)
        routes.get(
            "/v1/goals/:id/progress", "A goal's points and projected date", RouteOptions(caching: .tagged),
            use: progress)
    }

    private func list(_ call: Call<SignedInUser, GoalQuery, NoBody>) async throws -> Answer<Page<Goal>> {
        try await goals.settle(call.caller.id)
        let profile = try await goals.profile(of: call.caller.id)
        let rows = try await goals.list(of: call.caller.id, call.query, profile)
        return Answer(
            call.query.page.page(
                of: rows, cursor: { Cursor(after: $0.goal.createdAt.rfc3339, $0.goal.id.description) },
                item: { $0.wire(today: profile.today) }))
    }

    private func create(_ call: Call<SignedInUser, NoQuery, NewGoal>) async throws -> Answer<Goal> {
        let id = call.body.id ?? call.seed.id("goal")
        // One that an earlier try has set may have been reached since, or deleted.
        if !call.seed.hasMade { try await goals.add(call.body, id: id, of: call.caller.id, call.seed) }
        var answer = try await answer(id, for: call)
        answer.headers[.location] = "/v1/goals/\(id)"
        return answer
    }

    private func goal(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Goal> {
        try await answer(try call.id("id"), for: call)
    }

    private func change(_ call: Call<SignedInUser, NoQuery, GoalChange>) async throws -> Answer<Goal> {
        let id = try call.id("id")
        // What has been reached by now is reached under the target as it was.
        try await goals.settle(call.caller.id)
        let (before, version) = try await standing(id, for: call)
        if let tag = before.entityTag { try call.checkMatch(tag) }
        let isConditional = call.facts.headers[.ifMatch] != nil
        try await goals.change(id, of: call.caller.id, call.body, version: isConditional ? version : nil)
        return try await answer(id, for: call)
    }

    private func complete(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Goal> {
        let id = try call.id("id")
        try await goals.settle(call.caller.id)
        let isEnded = call.seed.isRetry ? try await goals.isEnded(id, of: call.caller.id, at: call.seed.at) : false
        if !isEnded { try await goals.complete(id, of: call.caller.id, at: call.seed.at) }
        return try await answer(id, for: call)
    }

    private func delete(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await goals.delete(try call.id("id"), of: call.caller.id)
        return .done
    }

    private func analytics(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<GoalAnalytics> {
        try await goals.settle(call.caller.id)
        return Answer(
            try await goals.analytics(of: call.caller.id, try await goals.profile(of: call.caller.id)))
    }

    private func progress(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<GoalProgress> {
        try await goals.settle(call.caller.id)
        let profile = try await goals.profile(of: call.caller.id)
        let reckoned = try await goals.goal(try call.id("id"), of: call.caller.id, profile)
        let (projection, missing) = reckoned.projection(profile, at: call.facts.receivedAt)
        return Answer(
            GoalProgress(
                goal: reckoned.wire(today: profile.today), points: Array(reckoned.points.suffix(1000)),
                projection: projection, missing: missing))
    }

    private func answer<Body>(_ id: GoalID, for call: Call<SignedInUser, NoQuery, Body>) async throws -> Answer<Goal> {
        try await standing(id, for: call).0
    }

    /// The goal as it stands now with its tag, and its stored version.
    private func standing<Body>(
        _ id: GoalID, for call: Call<SignedInUser, NoQuery, Body>
    ) async throws -> (Answer<Goal>, version: Int) {
        try await goals.settle(call.caller.id)
        let profile = try await goals.profile(of: call.caller.id)
        let reckoned = try await goals.goal(id, of: call.caller.id, profile)
        let wire = reckoned.wire(today: profile.today)
        // The goal moves by itself: its tag names where it stands beside its version.
        let value = wire.current.map { "\($0)" } ?? "unmeasured"
        let tag = "v\(reckoned.goal.version).\(wire.status).\(wire.milestones.count).\(value)"
        return (Answer(wire, entityTag: EntityTag(tag)), reckoned.goal.version)
    }
}
