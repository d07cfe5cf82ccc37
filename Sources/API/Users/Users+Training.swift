import Protocol
import Store

/// What of a user's profile the reckoning of training needs.
struct TrainingProfile: Sendable {
    /// An IANA name.
    let timeZone: String
    let weekStart: WeekStart
    let sex: Sex?
    /// The date in the user's own zone.
    let today: CalendarDate
}

extension Users {
    /// The user's calendar as of `now`, and the sex for strength scores.
    func trainingProfile(of user: UserID, at now: Timestamp) async throws -> TrainingProfile {
        let found = try await pool.first(
            """
            select time_zone, week_start, sex, (\(now)::timestamptz at time zone time_zone)::date - date '1970-01-01'
            from users where id = \(user)
            """
        ) { row throws(StoreError) in
            TrainingProfile(
                timeZone: try row.next(), weekStart: try row.next(), sex: try row.next(),
                today: CalendarDate(daysSinceEpoch: try row.next()))
        }
        guard let found else { throw Problem(.notFound) }
        return found
    }
}
