import Foundation
import Protocol
import Store

/// Whom a mail about something reaches, and when it may.
struct MailReader: Sendable {
    let address: String
    let name: String
    /// An IANA name.
    let timeZone: String
    /// When the quiet hours end that it is now; nil outside of them.
    let quietUntil: Timestamp?
}

extension Users {
    /// The reader of mails of one kind; nil for who does not want them or may get none: the address is not verified, the
    /// account suspended or leaving.
    func mailReader(
        of user: UserID, about kind: NotificationKind, at now: Timestamp
    ) async throws -> MailReader? {
        let found = try await pool.first(
            """
            select email, display_name, time_zone, quiet_from, quiet_to from users
            where id = \(user) and status = 'active' and verified_at is not null
                and \(kind.rawValue) = any(notifications_mailed)
            """, as: (String, String, String, Int?, Int?).self)
        guard let (address, name, zone, from, to) = found else { return nil }
        let quiet = from.flatMap { LocalTime(minutes: $0) }.flatMap { from in
            to.flatMap { LocalTime(minutes: $0) }.map { QuietHours(from: from, to: $0) }
        }
        return MailReader(
            address: address, name: name, timeZone: zone,
            // A zone that this machine has forgotten counts as UTC, as in schedules.
            quietUntil: quiet?.end(at: now, in: TimeZone(identifier: zone) ?? .gmt))
    }
}

extension QuietHours {
    /// When the quiet hours end that `time` lies in; nil outside of them. Where the clocks go back over their end, they
    /// end the first time.
    func end(at time: Timestamp, in zone: TimeZone) -> Timestamp? {
        let local = LocalClock.local(time, in: zone).milliseconds
        let day = Int((Double(local) / 86_400_000).rounded(.down))
        let minute = Int((local - Int64(day) * 86_400_000) / 60_000)
        let isOvernight = to.minutes < from.minutes
        let isQuiet =
            isOvernight
            ? minute >= from.minutes || minute < to.minutes : (from.minutes..<to.minutes).contains(minute)
        guard isQuiet else { return nil }
        let endDay = isOvernight && minute >= from.minutes ? day + 1 : day
        let end = LocalClock.moment(
            at: Timestamp(milliseconds: (Int64(endDay) * 1440 + Int64(to.minutes)) * 60_000), in: zone)
        return end > time ? end : nil
    }
}
