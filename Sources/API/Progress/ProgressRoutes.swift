import HTTPTypes
import Protocol
import Store

/// `/v1/progress`: what an athlete's sets and measurements amount to, reckoned from them at each call.
struct ProgressRoutes: Sendable {
    let users: Users
    let body: BodyMeasurements
    let strength: StrengthProgress
    let volume: VolumeProgress
    let bodyProgress: BodyProgress
    let history: TrainingHistory
    let live: LiveHooks

    init(pool: PostgresPool, live: LiveHooks) {
        self.live = live
        users = Users(pool: pool)
        body = BodyMeasurements(pool: pool)
        history = TrainingHistory(pool: pool)
        let exercises = Exercises(pool: pool)
        strength = StrengthProgress(history: history, exercises: exercises, users: users, body: body)
        volume = VolumeProgress(history: history, exercises: exercises)
        bodyProgress = BodyProgress(body: body, volume: volume, users: users)
    }

    func declare(on routes: inout RouteTable) {
        routes.get("/v1/progress/strength", "Bests by exercise and strength scores", use: strengthPage)
        routes.get(
            "/v1/progress/strength/:exerciseId", "One exercise over time",
            RouteOptions(hasFields: true, caching: .tagged), use: exercise)
        routes.get("/v1/progress/records", "Records by exercise, each with its set", use: records)
        routes.get("/v1/progress/volume", "Tonnage and hard sets by muscle and week", use: volumeReport)
        routes.get("/v1/progress/analytics", "Streaks, volume, load, records and body in one call", use: dashboard)
        routes.get("/v1/progress/body", "Measurements of the body, the latest first", use: measurements)
        routes.post(
            "/v1/progress/body", "Adds a measurement", status: .created,
            // A retry of a call whose measurement was deleted meanwhile finds none.
            RouteOptions(
                problems: [.idTaken, .limitReached, .notFound], limit: .write, isKeyed: true, caching: .tagged),
            use: addMeasurement)
        routes.put(
            "/v1/progress/body/:id", "Changes a measurement",
            RouteOptions(problems: [.preconditionFailed], limit: .write, caching: .tagged), use: changeMeasurement)
        routes.delete("/v1/progress/body/:id", "Deletes a measurement", use: deleteMeasurement)
        routes.get("/v1/progress/body/analytics", "One metric's trend and its rate", use: bodyAnalytics)
        routes.get("/v1/progress/body/predictions", "Where a metric goes, with its interval", use: bodyPredictions)
    }

    private func strengthPage(
        _ call: Call<SignedInUser, ListQuery<TrainedOrder>, NoBody>
    ) async throws -> Answer<StrengthPage> {
        Answer(try await strength.page(of: call.caller.id, call.query.page, at: call.facts.receivedAt))
    }

    private func exercise(_ call: Call<SignedInUser, DateWindow, NoBody>) async throws -> Answer<ExerciseProgress> {
        Answer(
            try await strength.exercise(
                try call.id("exerciseId"), of: call.caller.id, call.query, at: call.facts.receivedAt))
    }

    private func records(
        _ call: Call<SignedInUser, RecordQuery, NoBody>
    ) async throws -> Answer<Page<ExerciseRecords>> {
        Answer(try await strength.records(of: call.caller.id, call.query, at: call.facts.receivedAt))
    }

    private func volumeReport(_ call: Call<SignedInUser, VolumeQuery, NoBody>) async throws -> Answer<VolumeReport> {
        let profile = try await users.trainingProfile(of: call.caller.id, at: call.facts.receivedAt)
        return Answer(
            VolumeReport(
                timeZone: profile.timeZone, weekStart: profile.weekStart,
                weeks: try await volume.weeks(call.query.weeks, of: call.caller.id, profile)))
    }

    private func dashboard(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<ProgressDashboard> {
        let (user, now) = (call.caller.id, call.facts.receivedAt)
        let profile = try await users.trainingProfile(of: user, at: now)
        let dates = try await history.dates(of: user, zone: profile.timeZone)
        return Answer(
            ProgressDashboard(
                today: profile.today, timeZone: profile.timeZone, weekStart: profile.weekStart,
                dayStreak: StreakReport(Streak.days(dates, today: profile.today)),
                weekStreak: StreakReport(Streak.weeks(dates, today: profile.today, start: profile.weekStart)),
                weeks: try await volume.weeks(4, of: user, profile), load: try await volume.load(of: user, profile),
                recentRecords: try await strength.recentRecords(
                    of: user, since: now - .seconds(30 * 86_400), limit: 10, profile),
                bodyWeight: try await bodyProgress.trend(.weightKg, of: user, at: now),
                scores: try await strength.scores(of: user, profile)))
    }

    private func bodyAnalytics(_ call: Call<SignedInUser, MetricQuery, NoBody>) async throws -> Answer<BodyAnalytics> {
        Answer(try await bodyProgress.analytics(of: call.caller.id, call.query, at: call.facts.receivedAt))
    }

    private func bodyPredictions(
        _ call: Call<SignedInUser, MetricQuery, NoBody>
    ) async throws -> Answer<BodyPredictions> {
        Answer(try await bodyProgress.predictions(of: call.caller.id, call.query, at: call.facts.receivedAt))
    }
}

extension ProgressRoutes {
    private func measurements(
        _ call: Call<SignedInUser, BodyQuery, NoBody>
    ) async throws -> Answer<Page<BodyMeasurement>> {
        let rows = try await body.list(of: call.caller.id, call.query)
        return Answer(
            call.query.page.page(
                of: rows, cursor: { Cursor(after: $0.measuredAt.rfc3339, $0.id.description) }, item: \.wire))
    }

    private func addMeasurement(
        _ call: Call<SignedInUser, NoQuery, NewBodyMeasurement>
    ) async throws -> Answer<BodyMeasurement> {
        let at = try call.body.measuredAt.map { try checked($0, at: call.facts.receivedAt) } ?? call.seed.at
        let id = call.body.id ?? call.seed.id("measurement")
        let measurement: StoredMeasurement
        if call.seed.hasMade {
            guard let made = try await body.measurement(id, of: call.caller.id) else { throw Problem(.notFound) }
            measurement = made
        } else {
            measurement = StoredMeasurement(
                id: id, measuredAt: at, values: call.body.values, note: call.body.note, version: 1)
            try await body.add(measurement, of: call.caller.id, call.seed)
        }
        await live.bodyChanged(call.caller.id)
        return Answer(measurement.wire, entityTag: measurement.tag)
    }

    private func changeMeasurement(
        _ call: Call<SignedInUser, NoQuery, BodyMeasurementChange>
    ) async throws -> Answer<BodyMeasurement> {
        var change = call.body
        change.measuredAt = try change.measuredAt.map { try checked($0, at: call.facts.receivedAt) }
        let after = try await body.change(try call.id("id"), of: call.caller.id, change) { version in
            try call.checkMatch(StoredMeasurement.tag(of: version))
        }
        await live.bodyChanged(call.caller.id)
        return Answer(after.wire, entityTag: after.tag)
    }

    private func deleteMeasurement(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await body.delete(try call.id("id"), of: call.caller.id)
        await live.bodyChanged(call.caller.id)
        return .done
    }

    /// The time that a client tells. Its clock may be a minute ahead of ours: that means now.
    private func checked(_ measuredAt: Timestamp, at now: Timestamp) throws(Problem) -> Timestamp {
        let earliest = Timestamp(milliseconds: 946_684_800_000)  // 2000-01-01
        if measuredAt >= earliest, measuredAt <= now + .seconds(60) { return min(measuredAt, now) }
        let fault = Problem.Fault(
            pointer: "/measuredAt", code: .outOfRange, detail: "Must lie between 2000-01-01 and now.")
        throw Problem(.invalidValues, errors: [fault])
    }
}

extension StoredMeasurement {
    fileprivate static func tag(of version: Int) -> EntityTag { EntityTag("v\(version)") }
    fileprivate var tag: EntityTag { Self.tag(of: version) }
}

extension StreakReport {
    fileprivate init(_ streak: Streak) { self.init(current: streak.current, longest: streak.longest) }
}
