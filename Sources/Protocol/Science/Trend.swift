#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One measurement: when, in days from any origin, and how much.
public struct TrendPoint: Sendable, Hashable {
    public var day: Double
    public var value: Double

    public init(day: Double, value: Double) {
        self.day = day
        self.value = value
    }
}

/// A value with the bounds it lies in with 95 % confidence.
public struct Estimate: Sendable, Hashable {
    public var value: Double
    public var low: Double
    public var high: Double

    public init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }
}

/// Smoothing of a series of measurements.
public enum Smoothing {
    /// The exponentially weighted mean at each point (Hunter 1986), for points at uneven distances.
    ///
    /// A point `d` days after the one before weighs 1 − ½^(d / `halfLifeDays`); points of the same day are averaged by
    /// being given the weight of one day's quarter.
    /// - Parameters: points in the order of their days; half life above 0.
    public static func exponential(_ points: [TrendPoint], halfLifeDays: Double = 7) -> [TrendPoint] {
        guard var last = points.first else { return [] }
        var smoothed = [last]
        for point in points.dropFirst() {
            let weight = 1 - pow(0.5, max(0.25, point.day - last.day) / halfLifeDays)
            last = TrendPoint(day: point.day, value: last.value + weight * (point.value - last.value))
            smoothed.append(last)
        }
        return smoothed
    }
}

/// The straight line of least squares through a series, with what is needed to tell how sure it is.
public struct LinearTrend: Sendable, Hashable {
    /// Fewer points give no trend.
    public static let leastPoints = 5

    public let count: Int
    /// Change a day.
    public let slope: Estimate
    private let meanDay: Double
    private let meanValue: Double
    private let spread: Double
    /// The residuals' standard deviation with n − 2 degrees of freedom.
    public let residual: Double

    /// nil with fewer than five points, or when all lie on one day.
    public init?(_ points: [TrendPoint]) {
        guard points.count >= Self.leastPoints else { return nil }
        let n = Double(points.count)
        let meanDay = points.reduce(0) { $0 + $1.day } / n
        let meanValue = points.reduce(0) { $0 + $1.value } / n
        let spread = points.reduce(0) { $0 + ($1.day - meanDay) * ($1.day - meanDay) }
        guard spread > 1e-9 else { return nil }
        let slope = points.reduce(0) { $0 + ($1.day - meanDay) * ($1.value - meanValue) } / spread
        let squares = points.reduce(0) { sum, point in
            let off = point.value - meanValue - slope * (point.day - meanDay)
            return sum + off * off
        }
        residual = (squares / (n - 2)).squareRoot()
        let margin = StudentT.quantile975(degrees: points.count - 2) * residual / spread.squareRoot()
        self.slope = Estimate(value: slope, low: slope - margin, high: slope + margin)
        count = points.count
        self.meanDay = meanDay
        self.meanValue = meanValue
        self.spread = spread
    }

    /// What a single measurement on that day will show, with its 95 % prediction interval.
    public func forecast(day: Double) -> Estimate {
        let off = day - meanDay
        let value = meanValue + slope.value * off
        let margin =
            StudentT.quantile975(degrees: count - 2) * residual
            * (1 + 1 / Double(count) + off * off / spread).squareRoot()
        return Estimate(value: value, low: value - margin, high: value + margin)
    }

    /// The day on which the line reaches a value; nil when it is level or leads away from it after `day`.
    public func day(reaching value: Double, after day: Double) -> Double? {
        let now = meanValue + slope.value * (day - meanDay)
        let ahead = (value - now) / slope.value
        return ahead.isFinite && ahead >= 0 ? day + ahead : nil
    }
}

/// Student's t distribution.
public enum StudentT {
    /// The 97.5 % quantile: half of a two-sided interval of 95 %.
    ///
    /// Degrees 1…30 as tabulated; beyond by Cornish and Fisher's expansion (Abramowitz & Stegun 26.7.5), to 1e-4.
    public static func quantile975(degrees: Int) -> Double {
        guard degrees > table.count else { return table[max(1, degrees) - 1] }
        let z = 1.959_963_984_540_054
        let n = Double(degrees)
        let (z3, z5, z7) = (z * z * z, z * z * z * z * z, z * z * z * z * z * z * z)
        return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n)
            + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n)
    }

    private static let table: [Double] = [
        12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
        2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963,
        2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272,
    ]
}

/// How two series go together.
public enum Correlation {
    /// Pearson's r, −1…1; nil with fewer than five pairs or when one side never changes.
    public static func pearson(_ pairs: [(Double, Double)]) -> Double? {
        guard pairs.count >= LinearTrend.leastPoints else { return nil }
        let n = Double(pairs.count)
        let (meanX, meanY) = (pairs.reduce(0) { $0 + $1.0 } / n, pairs.reduce(0) { $0 + $1.1 } / n)
        let (xx, yy, xy) = pairs.reduce((0.0, 0.0, 0.0)) { sums, pair in
            let (x, y) = (pair.0 - meanX, pair.1 - meanY)
            return (sums.0 + x * x, sums.1 + y * y, sums.2 + x * y)
        }
        guard xx > 0, yy > 0 else { return nil }
        return min(1, max(-1, xy / (xx * yy).squareRoot()))
    }
}

extension LinearTrend {
    /// When a line reaches a value, in days of its own origin.
    public struct Arrival: Sendable, Hashable {
        public let day: Double
        /// The first whole day ahead on which the 95 % prediction interval holds the value.
        public let earliest: Double
        /// The first whole day ahead on which the interval lies beyond the value; nil when not within the horizon.
        public let latest: Double?
    }

    /// When the line reaches a value after `day`; nil when it is level, leads away or takes longer than the horizon.
    public func arrival(at value: Double, after day: Double, horizonDays: Int = 3650) -> Arrival? {
        guard let reached = self.day(reaching: value, after: day), reached <= day + Double(horizonDays) else {
            return nil
        }
        let isRising = slope.value > 0
        var earliest: Double?
        for ahead in 0...horizonDays {
            let estimate = forecast(day: day + Double(ahead))
            if earliest == nil, isRising ? estimate.high >= value : estimate.low <= value {
                earliest = day + Double(ahead)
            }
            if isRising ? estimate.low >= value : estimate.high <= value {
                return Arrival(day: reached, earliest: earliest ?? reached, latest: day + Double(ahead))
            }
        }
        return Arrival(day: reached, earliest: earliest ?? reached, latest: nil)
    }
}
