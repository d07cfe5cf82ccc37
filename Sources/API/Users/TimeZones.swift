import Foundation
import Protocol
import Store
import Synchronization

/// The time zones that both Postgres and Foundation know: either may reckon somebody's local times.
package final class TimeZones: Sendable {
    private let pool: PostgresPool
    private let now: @Sendable () -> Timestamp
    /// Those of Postgres, once they were asked for.
    private let known = Mutex<Set<String>?>(nil)
    private let isHealed = Atomic(false)

    package init(pool: PostgresPool, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.now = now
    }

    var chores: [Housekeeping.Chore] { [Housekeeping.Chore(name: "time zones", removeSome: heal)] }

    /// Throws `invalidValues` for a zone that one of the two does not know.
    func check(_ name: String?, pointer: String) async throws {
        guard let name, try await !knows(name) else { return }
        let fault = Problem.Fault(
            pointer: pointer, code: .notAllowed, detail: "Must be an IANA time zone, such as Europe/Berlin.")
        throw Problem(.invalidValues, errors: [fault])
    }

    func knows(_ name: String) async throws -> Bool {
        try await names().contains(name) && TimeZone(identifier: name) != nil
    }

    private func names() async throws -> Set<String> {
        if let known = known.withLock({ $0 }) { return known }
        let names = Set(try await pool.query("select name from pg_timezone_names", as: String.self))
        known.withLock { $0 = names }
        return names
    }

    /// Gives users whose zone one of the two does not know (any more) one with the same clock; answers how many.
    ///
    /// Done once in a process's life: no such zone comes in.
    func heal() async throws -> Int {
        guard !isHealed.load(ordering: .relaxed) else { return 0 }
        let used = try await pool.query(
            "select distinct time_zone from users where time_zone <> 'UTC'", as: String.self)
        var healed = 0
        for zone in used {
            if try await knows(zone) { continue }
            let substitute = try await substitute(for: zone)
            healed += try await pool.execute(
                "update users set time_zone = \(substitute), version = version + 1 where time_zone = \(zone)")
        }
        isHealed.store(true, ordering: .relaxed)
        return healed
    }

    /// The zone whose clock shows the same from a year ago to a year ahead, and whose name is most alike; UTC without one.
    private func substitute(for name: String) async throws -> String {
        guard let zone = TimeZone(identifier: name) else { return "UTC" }
        let now = now()
        let moments = (-12...12).map { month in
            Date(timeIntervalSince1970: Double((now + .seconds(month * 30 * 86_400)).milliseconds) / 1000)
        }
        let offsets = moments.map { zone.secondsFromGMT(for: $0) }
        let alike = try await names().filter { other in
            guard other.contains("/"), let other = TimeZone(identifier: other) else { return false }
            return zip(moments, offsets).allSatisfy { other.secondsFromGMT(for: $0) == $1 }
        }
        return alike.max { left, right in
            let (leftLength, rightLength) = (
                left.commonPrefix(with: name).utf8.count, right.commonPrefix(with: name).utf8.count
            )
            return (leftLength, right) < (rightLength, left)
        } ?? "UTC"
    }
}
