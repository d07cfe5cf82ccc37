import Foundation
import Protocol

/// Makes jobs of the schedules whose time has come.
struct JobSchedules: Sendable {
    private static let atOnce = 200

    let pool: PostgresPool
    let now: @Sendable () -> Timestamp

    private struct Due: Sendable {
        let kind: String
        let key: String
        let next: Timestamp
    }

    /// Makes the jobs that are due and sets each schedule to its next time, in one transaction; answers how many
    /// schedules it moved.
    ///
    /// However many times were missed, one job is made; none while the one before still waits or runs. A zone that this
    /// machine has forgotten counts as UTC.
    func makeDue() async throws -> Int {
        var moved = 0
        while true {
            let count = try await pool.transaction { connection in try makeSome(on: connection) }
            moved += count
            if count < Self.atOnce { return moved }
        }
    }

    private func makeSome(on connection: isolated PostgresConnection) throws -> Int {
        let time = now()
        let rows = try connection.query(
            """
            select kind, key, recurrence, time_zone from job_schedules where next_at <= \(time)
            order by next_at limit \(Self.atOnce) for update skip locked
            """, as: (String, String, JSONText, String).self)
        guard !rows.isEmpty else { return 0 }
        let due = try rows.map { kind, key, text, zone in
            let recurrence = try JSONDecoder().decode(Recurrence.self, from: Data(text.text.utf8))
            return Due(kind: kind, key: key, next: try next(recurrence, after: time, zone))
        }
        let ids = due.map { _ in UUIDv7.make(at: time) }
        try connection.execute(
            """
            with due as (
                select * from unnest(\(ids)::uuid[], \(due.map(\.kind))::text[], \(due.map(\.key))::text[],
                    \(due.map(\.next))::timestamptz[]) as due (id, kind, key, next_at)),
            moved as (
                update job_schedules s set next_at = due.next_at from due
                where s.kind = due.kind and s.key = due.key
                returning due.id, s.kind, s.key, s.payload, s.priority, s.most_attempts)
            insert into jobs (id, kind, key, payload, priority, run_at, most_attempts, created_at)
            select id, kind, key, payload, priority, \(time), most_attempts, \(time) from moved
            on conflict do nothing
            """)
        try Jobs.wakeWorkers(on: connection)
        return due.count
    }

    private func next(_ recurrence: Recurrence, after time: Timestamp, _ zone: String) throws -> Timestamp {
        do {
            return try recurrence.next(after: time, timeZone: zone)
        } catch {
            return try recurrence.next(after: time, timeZone: "UTC")
        }
    }
}
