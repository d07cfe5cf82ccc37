/// Which day a user's week begins with.
public enum WeekStart: String, Codable, Sendable, CaseIterable {
    case monday, saturday, sunday

    /// The first day of the week that a date lies in.
    public func week(of date: CalendarDate) -> CalendarDate {
        // 1970-01-01 was a Thursday: three days after a Monday, four after a Sunday, five after a Saturday.
        let offset =
            switch self {
            case .monday: 3
            case .sunday: 4
            case .saturday: 5
            }
        let days = date.daysSinceEpoch
        let since = (days + offset) % 7
        return CalendarDate(daysSinceEpoch: days - (since < 0 ? since + 7 : since))
    }
}

/// Unbroken runs of training days or weeks. They count calendar dates, so that no clock change breaks one.
public struct Streak: Sendable, Hashable {
    /// The run that still goes on; it lasts until a whole day or week has passed without training.
    public let current: Int
    public let longest: Int

    /// A streak over days: dates in the athlete's own zone, in any order, repeated or not.
    public static func days(_ dates: [CalendarDate], today: CalendarDate) -> Streak {
        Streak(Set(dates.map(\.daysSinceEpoch)), now: today.daysSinceEpoch)
    }

    /// A streak over weeks that hold at least `daysNeeded` (1…7) distinct training days.
    public static func weeks(
        _ dates: [CalendarDate], today: CalendarDate, start: WeekStart, daysNeeded: Int = 1
    ) -> Streak {
        var counts: [Int: Int] = [:]
        for date in Set(dates) { counts[number(of: start.week(of: date)), default: 0] += 1 }
        return Streak(
            Set(counts.filter { $0.value >= daysNeeded }.keys), now: number(of: start.week(of: today)))
    }

    private static func number(of week: CalendarDate) -> Int {
        // Starts of weeks all lie a multiple of 7 apart.
        let days = week.daysSinceEpoch
        return days >= 0 ? days / 7 : (days - 6) / 7
    }

    private init(_ places: Set<Int>, now: Int) {
        var longest = 0
        for place in places where !places.contains(place - 1) {
            var end = place
            while places.contains(end + 1) { end += 1 }
            longest = max(longest, end - place + 1)
        }
        self.longest = longest
        var last = places.contains(now) ? now : now - 1
        var current = 0
        while places.contains(last) {
            current += 1
            last -= 1
        }
        self.current = current
    }
}
