import Foundation
import Protocol
import Store

/// Reads a log's local times in one zone.
struct ImportClock: Sendable {
    let zone: TimeZone
    let now: Timestamp

    /// Throws `UnknownTimeZone`.
    init(zone name: String, now: Timestamp) throws(UnknownTimeZone) {
        guard let zone = TimeZone(identifier: name) else { throw UnknownTimeZone(name: name) }
        self.zone = zone
        self.now = now
    }

    func moment(_ local: LocalDateTime) -> Timestamp {
        LocalClock.moment(at: Timestamp(milliseconds: local.seconds * 1000), in: zone)
    }
}
