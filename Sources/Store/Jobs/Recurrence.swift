import Foundation
import Protocol

/// A local time that comes again: on certain days of the week, or on a day of the month.
///
/// Where the clocks go forward over the time it comes that much later; where they go back over it, once, the first
/// time.
package struct Recurrence: Codable, Hashable, Sendable {
    /// ISO 8601: 1 is Monday, 7 is Sunday.
    package typealias Weekday = Int

    package enum Days: Codable, Hashable, Sendable {
        /// Not empty.
        case weekly(Set<Weekday>)
        /// 1…31; in shorter months their last day.
        case monthly(day: Int)
    }

    package let days: Days
    /// 0…23
    package let hour: Int
    /// 0…59
    package let minute: Int

    /// Values beyond their bounds are a mistake of ours.
    package init(_ days: Days, hour: Int, minute: Int) {
        switch days {
        case .weekly(let days): precondition(!days.isEmpty && days.allSatisfy((1...7).contains))
        case .monthly(let day): precondition((1...31).contains(day))
        }
        precondition((0...23).contains(hour) && (0...59).contains(minute))
        self.days = days
        self.hour = hour
        self.minute = minute
    }

    /// Every day at this time.
    package static func daily(hour: Int, minute: Int) -> Recurrence {
        Recurrence(.weekly(Set(1...7)), hour: hour, minute: minute)
    }

    /// The first such moment after `time`. Throws `UnknownTimeZone`.
    package func next(after time: Timestamp, timeZone name: String) throws(UnknownTimeZone) -> Timestamp {
        guard let zone = TimeZone(identifier: name) else { throw UnknownTimeZone(name: name) }
        let today = LocalClock.day(of: time, in: zone)
        // The day before too: its time may fall after midnight where the clocks went forward. A month of 31 days
        // ahead holds every recurrence twice or once.
        for day in today - 1...today + 62 where falls(on: day) {
            let moment = LocalClock.moment(day: day, minute: hour * 60 + minute, in: zone)
            if moment > time { return moment }
        }
        preconditionFailure("a recurrence does not recur")
    }

    private func falls(on day: Int) -> Bool {
        switch days {
        // 1970-01-01 was a Thursday.
        case .weekly(let weekdays): return weekdays.contains((day + 3) % 7 + 1)
        case .monthly(let wanted):
            let date = Timestamp.date(daysSinceEpoch: day)
            return date.day == min(wanted, Timestamp.days(in: date.month, of: date.year))
        }
    }
}

/// A time zone's name that this machine does not know.
package struct UnknownTimeZone: Error, Hashable, Sendable {
    package let name: String

    package init(name: String) { self.name = name }
}

/// Local dates and times of a zone.
package enum LocalClock {
    /// The local date, as days since 1970-01-01.
    static func day(of time: Timestamp, in zone: TimeZone) -> Int {
        let local = time.milliseconds + offset(at: time, in: zone)
        return Int((Double(local) / 86_400_000).rounded(.down))
    }

    /// The moment of a local time. A time that is left out counts with the offset before the gap, and so falls after
    /// it; of a time that comes twice the first is meant.
    static func moment(day: Int, minute: Int, in zone: TimeZone) -> Timestamp {
        moment(at: Timestamp(milliseconds: (Int64(day) * 1440 + Int64(minute)) * 60_000), in: zone)
    }

    /// The same for a local time that is written as if it were one of UTC.
    package static func moment(at local: Timestamp, in zone: TimeZone) -> Timestamp {
        let before = offset(at: local - .seconds(86_400), in: zone)
        let after = offset(at: local + .seconds(86_400), in: zone)
        let candidates = [before, after].map { Timestamp(milliseconds: local.milliseconds - $0) }
        let real = zip(candidates, [before, after]).filter { offset(at: $0, in: zone) == $1 }.map(\.0)
        return real.min() ?? candidates[0]
    }

    /// The local time of a moment, written as if it were one of UTC.
    package static func local(_ time: Timestamp, in zone: TimeZone) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds + offset(at: time, in: zone))
    }

    /// Milliseconds east of UTC.
    private static func offset(at time: Timestamp, in zone: TimeZone) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))) * 1000
    }
}
