/// Training load from sessions' perceived exertion (Foster 1998, 2001). It describes load, never a risk of injury.
public struct SessionLoad: Sendable, Hashable {
    /// Arbitrary units: RPE × minutes.
    public let week: Double
    /// Mean of the seven days over their standard deviation; nil when all days are equal.
    public let monotony: Double?
    /// The week's load × monotony; nil without monotony.
    public let strain: Double?

    /// One session: RPE (1…10) × minutes.
    public static func session(rpe: Double, minutes: Double) -> Double { rpe * max(0, minutes) }

    /// Sums up a week of daily loads; nil unless there are seven days, rest days as 0.
    ///
    /// The standard deviation is that of the whole population, since the seven days are the week.
    public init?(days: [Double]) {
        guard days.count == 7 else { return nil }
        week = days.reduce(0, +)
        let mean = week / 7
        let variance = days.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 7
        let deviation = variance.squareRoot()
        // Equal days may differ in their last bits.
        monotony = deviation > mean.magnitude * 1e-9 ? mean / deviation : nil
        strain = monotony.map { [week] in week * $0 }
    }

    /// The mean of the last 7 days over the mean of the last 28 (Hulin 2014); nil unless there are 28 days with load.
    ///
    /// - Parameter days: daily loads, the latest last.
    public static func acuteToChronic(days: [Double]) -> Double? {
        guard days.count >= 28 else { return nil }
        let chronic = days.suffix(28).reduce(0, +) / 28
        return chronic > 0 ? days.suffix(7).reduce(0, +) / 7 / chronic : nil
    }
}
