import Protocol

/// A line through a series, or why there is none.
struct TrendReckoning {
    let points: [TrendPoint]
    let line: LinearTrend?

    init(_ points: [TrendPoint]) {
        self.points = points
        line = LinearTrend(points)
    }

    var missing: TrendGap? {
        if line != nil { return nil }
        return points.count < LinearTrend.leastPoints ? .fewerThanFivePoints : .allOnOneDay
    }

    var report: TrendReport {
        let perWeek = line.map {
            Interval(value: 7 * $0.slope.value, low: 7 * $0.slope.low, high: 7 * $0.slope.high)
        }
        return TrendReport(points: points.count, perWeek: perWeek, missing: missing)
    }
}

extension TrendPoint {
    init(at time: Timestamp, value: Double) {
        self.init(day: Double(time.milliseconds) / 86_400_000, value: value)
    }
}
