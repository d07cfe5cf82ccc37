import Protocol

/// Trends and forecasts of what a body measures.
struct BodyProgress: Sendable {
    /// How far forecasts look, in days.
    private static let horizons = [7, 14, 28, 56, 84]

    let body: BodyMeasurements
    let volume: VolumeProgress
    let users: Users

    /// One metric over the last days, smoothed, with its rate and how it goes together with training.
    func analytics(of user: UserID, _ query: MetricQuery, at now: Timestamp) async throws -> BodyAnalytics {
        let profile = try await users.trainingProfile(of: user, at: now)
        let points = try await points(query.metric, of: user, days: query.days, at: now)
        let weeks = try await volume.weeks(min(104, query.days / 7 + 1), of: user, profile)
        return BodyAnalytics(
            metric: query.metric, days: query.days, points: points, trend: Self.reckoning(points).report,
            training: Self.correlation(points, weeks, profile))
    }

    /// A line into the weeks to come; with fewer than five points none, and why.
    func predictions(of user: UserID, _ query: MetricQuery, at now: Timestamp) async throws -> BodyPredictions {
        let profile = try await users.trainingProfile(of: user, at: now)
        let reckoning = Self.reckoning(try await points(query.metric, of: user, days: query.days, at: now))
        let today = Double(now.milliseconds) / 86_400_000
        let forecasts = Self.horizons.compactMap { ahead in
            reckoning.line.map { line in
                let forecast = line.forecast(day: today + Double(ahead))
                // No body measures less than nothing, however steep the line.
                return BodyForecast(
                    date: CalendarDate(daysSinceEpoch: profile.today.daysSinceEpoch + ahead), daysAhead: ahead,
                    value: max(0, forecast.value), low: max(0, forecast.low), high: max(0, forecast.high))
            }
        }
        return BodyPredictions(
            metric: query.metric, days: query.days, points: reckoning.points.count, forecasts: forecasts,
            missing: reckoning.missing)
    }

    /// A metric's state in the last 90 days.
    func trend(_ metric: BodyMetric, of user: UserID, at now: Timestamp) async throws -> BodyTrend {
        let points = try await points(metric, of: user, days: 90, at: now)
        return BodyTrend(metric: metric, latest: points.last, trend: Self.reckoning(points).report)
    }

    private func points(
        _ metric: BodyMetric, of user: UserID, days: Int, at now: Timestamp
    ) async throws -> [BodyPoint] {
        let series = try await body.series(metric, of: user, since: now - .seconds(86_400 * days))
        let smoothed = Smoothing.exponential(series.map { TrendPoint(at: $0.at, value: $0.value) })
        return zip(series, smoothed).map { BodyPoint(measuredAt: $0.at, value: $0.value, smoothed: $1.value) }
    }

    private static func reckoning(_ points: [BodyPoint]) -> TrendReckoning {
        TrendReckoning(points.map { TrendPoint(at: $0.measuredAt, value: $0.value) })
    }

    /// Pearson's r between the change of the smoothed metric from week to week and the week's tonnage.
    private static func correlation(
        _ points: [BodyPoint], _ weeks: [VolumeWeek], _ profile: TrainingProfile
    ) -> TrainingCorrelation {
        let tonnage = Dictionary(weeks.map { ($0.start, $0.tonnageKg) }, uniquingKeysWith: { first, _ in first })
        // The last smoothed value of each week; days are UTC ones here, which moves a week's edge by hours at most.
        var ends: [CalendarDate: Double] = [:]
        for point in points {
            let date = CalendarDate(
                daysSinceEpoch: Int((Double(point.measuredAt.milliseconds) / 86_400_000).rounded(.down)))
            ends[profile.weekStart.week(of: date)] = point.smoothed
        }
        let pairs: [(Double, Double)] = ends.compactMap { week, end in
            let before = CalendarDate(daysSinceEpoch: week.daysSinceEpoch - 7)
            guard let start = ends[before], let lifted = tonnage[week] else { return nil }
            return (end - start, lifted)
        }
        let pearson = Correlation.pearson(pairs)
        return TrainingCorrelation(
            weeks: pairs.count, pearson: pearson,
            missing: pearson == nil
                ? pairs.count < LinearTrend.leastPoints ? .fewerThanFivePoints : .neverChanges : nil)
    }
}
