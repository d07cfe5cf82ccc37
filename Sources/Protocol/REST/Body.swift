/// What can be measured of a body.
public enum BodyMetric: String, Codable, Sendable, CaseIterable {
    case weightKg, bodyFatPercent, neckCm, shouldersCm, chestCm, waistCm, hipsCm, leftArmCm, rightArmCm
    case leftThighCm, rightThighCm, leftCalfCm, rightCalfCm
}

/// One measurement; at least one value is there.
public struct BodyMeasurement: Codable, Hashable, Sendable {
    public var id: BodyMeasurementID
    public var measuredAt: Timestamp
    public var weightKg: Double?
    public var bodyFatPercent: Double?
    public var neckCm: Double?
    public var shouldersCm: Double?
    public var chestCm: Double?
    public var waistCm: Double?
    public var hipsCm: Double?
    public var leftArmCm: Double?
    public var rightArmCm: Double?
    public var leftThighCm: Double?
    public var rightThighCm: Double?
    public var leftCalfCm: Double?
    public var rightCalfCm: Double?
    public var note: String?

    public init(
        id: BodyMeasurementID, measuredAt: Timestamp, weightKg: Double?, bodyFatPercent: Double?, neckCm: Double?,
        shouldersCm: Double?, chestCm: Double?, waistCm: Double?, hipsCm: Double?, leftArmCm: Double?,
        rightArmCm: Double?, leftThighCm: Double?, rightThighCm: Double?, leftCalfCm: Double?, rightCalfCm: Double?,
        note: String?
    ) {
        self.id = id
        self.measuredAt = measuredAt
        self.weightKg = weightKg
        self.bodyFatPercent = bodyFatPercent
        self.neckCm = neckCm
        self.shouldersCm = shouldersCm
        self.chestCm = chestCm
        self.waistCm = waistCm
        self.hipsCm = hipsCm
        self.leftArmCm = leftArmCm
        self.rightArmCm = rightArmCm
        self.leftThighCm = leftThighCm
        self.rightThighCm = rightThighCm
        self.leftCalfCm = leftCalfCm
        self.rightCalfCm = rightCalfCm
        self.note = note
    }

    private enum CodingKeys: String, CodingKey {
        case id, measuredAt, weightKg, bodyFatPercent, neckCm, shouldersCm, chestCm, waistCm, hipsCm, leftArmCm
        case rightArmCm, leftThighCm, rightThighCm, leftCalfCm, rightCalfCm, note
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(measuredAt, forKey: .measuredAt)
        try container.encode(weightKg, forKey: .weightKg)
        try container.encode(bodyFatPercent, forKey: .bodyFatPercent)
        try container.encode(neckCm, forKey: .neckCm)
        try container.encode(shouldersCm, forKey: .shouldersCm)
        try container.encode(chestCm, forKey: .chestCm)
        try container.encode(waistCm, forKey: .waistCm)
        try container.encode(hipsCm, forKey: .hipsCm)
        try container.encode(leftArmCm, forKey: .leftArmCm)
        try container.encode(rightArmCm, forKey: .rightArmCm)
        try container.encode(leftThighCm, forKey: .leftThighCm)
        try container.encode(rightThighCm, forKey: .rightThighCm)
        try container.encode(leftCalfCm, forKey: .leftCalfCm)
        try container.encode(rightCalfCm, forKey: .rightCalfCm)
        try container.encode(note, forKey: .note)
    }
}

/// A measured value with the smoothed one beside it.
public struct BodyPoint: Codable, Hashable, Sendable {
    public var measuredAt: Timestamp
    public var value: Double
    /// Exponentially weighted mean with a half life of seven days.
    public var smoothed: Double

    public init(
        measuredAt: Timestamp, value: Double, smoothed: Double
    ) {
        self.measuredAt = measuredAt
        self.value = value
        self.smoothed = smoothed
    }
}

/// Where a metric stands and where it goes.
public struct BodyTrend: Codable, Hashable, Sendable {
    public var metric: BodyMetric
    /// Null when it was never measured in this time.
    public var latest: BodyPoint?
    public var trend: TrendReport

    public init(
        metric: BodyMetric, latest: BodyPoint?, trend: TrendReport
    ) {
        self.metric = metric
        self.latest = latest
        self.trend = trend
    }

    private enum CodingKeys: String, CodingKey {
        case metric, latest, trend
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(metric, forKey: .metric)
        try container.encode(latest, forKey: .latest)
        try container.encode(trend, forKey: .trend)
    }
}

/// How weekly changes of a metric go together with the week's tonnage.
public struct TrainingCorrelation: Codable, Hashable, Sendable {
    /// Pairs of weeks that have both.
    public var weeks: Int
    /// −1…1; null where `missing` says why.
    public var pearson: Double?
    public var missing: TrendGap?

    public init(
        weeks: Int, pearson: Double?, missing: TrendGap?
    ) {
        self.weeks = weeks
        self.pearson = pearson
        self.missing = missing
    }

    private enum CodingKeys: String, CodingKey {
        case weeks, pearson, missing
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(weeks, forKey: .weeks)
        try container.encode(pearson, forKey: .pearson)
        try container.encode(missing, forKey: .missing)
    }
}

/// `GET /v1/progress/body/analytics`: one metric over the last days.
public struct BodyAnalytics: Codable, Hashable, Sendable {
    public var metric: BodyMetric
    public var days: Int
    /// At most the latest 1,000, oldest first.
    public var points: [BodyPoint]
    public var trend: TrendReport
    public var training: TrainingCorrelation

    public init(
        metric: BodyMetric, days: Int, points: [BodyPoint], trend: TrendReport, training: TrainingCorrelation
    ) {
        self.metric = metric
        self.days = days
        self.points = points
        self.trend = trend
        self.training = training
    }
}

/// What a measurement on a day to come will show, with 95 % confidence.
public struct BodyForecast: Codable, Hashable, Sendable {
    public var date: CalendarDate
    public var daysAhead: Int
    public var value: Double
    public var low: Double
    public var high: Double

    public init(
        date: CalendarDate, daysAhead: Int, value: Double, low: Double, high: Double
    ) {
        self.date = date
        self.daysAhead = daysAhead
        self.value = value
        self.low = low
        self.high = high
    }
}

/// `GET /v1/progress/body/predictions`: a straight line into the weeks to come.
public struct BodyPredictions: Codable, Hashable, Sendable {
    public var metric: BodyMetric
    /// Of measurements that it rests on.
    public var days: Int
    public var points: Int
    /// Empty where `missing` says why.
    public var forecasts: [BodyForecast]
    public var missing: TrendGap?

    public init(
        metric: BodyMetric, days: Int, points: Int, forecasts: [BodyForecast], missing: TrendGap?
    ) {
        self.metric = metric
        self.days = days
        self.points = points
        self.forecasts = forecasts
        self.missing = missing
    }

    private enum CodingKeys: String, CodingKey {
        case metric, days, points, forecasts, missing
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(metric, forKey: .metric)
        try container.encode(days, forKey: .days)
        try container.encode(points, forKey: .points)
        try container.encode(forecasts, forKey: .forecasts)
        try container.encode(missing, forKey: .missing)
    }
}
