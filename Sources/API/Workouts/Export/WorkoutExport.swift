import Foundation
import Protocol
import Realtime
import Store

/// Writes a user's ended workouts as another app would, the earliest first, a few in memory at a time.
struct WorkoutExport: Sendable {
    /// Workouts looked up together.
    private static let workoutsAtOnce = 50
    /// Events folded together; one workout may have more.
    private static let eventsAtOnce = 4000

    let pool: PostgresPool
    let rooms: Rooms
    let user: UserID
    let table: ExportTable
    /// Begun at this time or later.
    let from: Timestamp?
    /// Begun before this time.
    let to: Timestamp?

    /// Writes the header and every row.
    func write(to download: inout DownloadWriter) async throws {
        var writer = CSVWriter(delimiter: table.delimiter)
        writer.append(table.header.map { .text($0) })
        var after: (at: Timestamp, id: WorkoutID)?
        var number = 0
        while true {
            let page = try await pool.query(
                Self.page(of: user, from: from, to: to, after: after, limit: Self.workoutsAtOnce),
                as: (UUIDv7, Int, Timestamp).self)
            var rest = page[...]
            while let first = rest.first {
                var batch = [first.0]
                var events = first.1
                rest.removeFirst()
                while let next = rest.first, events + next.1 <= Self.eventsAtOnce {
                    batch.append(next.0)
                    events += next.1
                    rest.removeFirst()
                }
                let states = try await rooms.storedStates(of: batch)
                // One that was deleted since it was looked up is left out.
                for state in batch.compactMap({ states[$0] }) where table.holds(state) {
                    number += 1
                    for row in table.rows(of: state, number: number) { writer.append(row) }
                }
                try await download.write(writer.take())
            }
            guard page.count == Self.workoutsAtOnce, let last = page.last else { break }
            after = (last.2, last.0)
        }
        try await download.write(writer.take())
    }

    /// Ended workouts in the order of their begin; its plan is tested.
    static func page(
        of user: UserID, from: Timestamp?, to: Timestamp?, after: (at: Timestamp, id: WorkoutID)?, limit: Int
    ) -> SQL {
        var conditions: [SQL] = [
            "user_id = \(user)", "status not in ('new', 'deleted')", "status in ('completed', 'abandoned')",
            "started_at is not null",
        ]
        if let from { conditions.append("started_at >= \(from)") }
        if let to { conditions.append("started_at < \(to)") }
        if let after { conditions.append("(started_at, id) > (\(after.at), \(after.id))") }
        return """
            select id, seq, started_at from workouts where \(SQL.join(conditions, separator: " and "))
            order by started_at, id limit \(limit)
            """
    }
}
