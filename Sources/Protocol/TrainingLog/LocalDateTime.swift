/// A wall-clock time without a zone, to the second, as training logs write it.
///
/// Two of them may be compared and subtracted as long as both come from the same clock; a change to summer time
/// between them is not seen.
public struct LocalDateTime: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00 on the same clock.
    public let seconds: Int64

    /// Counts from 1970-01-01T00:00:00.
    public init(seconds: Int64) { self.seconds = seconds }

    /// Takes the parts as a calendar shows them; nil unless they name a real date (years 1900…9999) and time of day.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard (1900...9999).contains(year), (1...12).contains(month),
            (1...Timestamp.days(in: month, of: year)).contains(day),
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second)
        else { return nil }
        let days = Timestamp.daysSinceEpoch(year: year, month: month, day: day)
        seconds = Int64(days) * 86400 + Int64(hour * 3600 + minute * 60 + second)
    }

    /// The time that lies so many seconds later (earlier when negative).
    public func advanced(bySeconds offset: Int64) -> LocalDateTime {
        LocalDateTime(seconds: seconds + offset)
    }

    /// The moment at which a clock so many minutes east of UTC shows this time.
    public func timestamp(minutesEastOfUTC offset: Int) -> Timestamp {
        Timestamp(milliseconds: (seconds - Int64(offset) * 60) * 1000)
    }
}

extension LocalDateTime: Comparable {
    public static func < (left: LocalDateTime, right: LocalDateTime) -> Bool { left.seconds < right.seconds }
}

extension LocalDateTime: CustomStringConvertible {
    /// For example `2025-09-15T07:48:00`.
    public var description: String {
        String(Timestamp(milliseconds: seconds * 1000).rfc3339.prefix(19))
    }
}
