import Foundation
import Protocol

/// The queue of jobs, as those who enqueue see it.
package struct Jobs: Sendable {
    /// Workers listen here; a notification is sent with the commit that makes a job ready.
    static let channel: StaticString = "fitai_jobs"

    let now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// Enqueues a job inside the caller's transaction: it exists if and only if that commits.
    ///
    /// Answers nil when a job of this kind with the same key waits or runs already, which is left as it is.
    @discardableResult
    package func enqueue<Payload: JobPayload>(
        _ payload: Payload, _ options: JobOptions = JobOptions(), on connection: isolated PostgresConnection
    ) throws -> UUIDv7? {
        let time = now()
        let id = UUIDv7.make(at: time)
        let runAt = options.runAt ?? time
        let added = try connection.execute(
            """
            insert into jobs (id, kind, key, payload, priority, run_at, most_attempts, created_at)
            values (\(id), \(Payload.kind), \(options.key as String?), \(try Jobs.text(payload)),
                \(options.priority), \(runAt), \(options.mostAttempts)::integer, \(time))
            on conflict do nothing
            """)
        guard added == 1 else { return nil }
        if runAt <= time { try Jobs.wakeWorkers(on: connection) }
        return id
    }

    /// Enqueues jobs of one kind at once, for now; each without a key.
    package func enqueue<Payload: JobPayload>(
        all payloads: [Payload], priority: JobPriority = .normal, on connection: isolated PostgresConnection
    ) throws {
        guard !payloads.isEmpty else { return }
        let time = now()
        let ids = payloads.map { _ in UUIDv7.make(at: time) }
        try connection.execute(
            """
            insert into jobs (id, kind, payload, priority, run_at, most_attempts, created_at)
            select id, \(Payload.kind), payload::jsonb, \(priority), \(time), \(JobOptions().mostAttempts)::integer,
                \(time)
            from unnest(\(ids)::uuid[], \(try payloads.map { try Jobs.text($0).text })::text[]) as job (id, payload)
            """)
        try Jobs.wakeWorkers(on: connection)
    }

    /// Has a job come again and again at a local time; replaces the schedule of the same kind and key.
    ///
    /// Throws `UnknownTimeZone` for a name that this machine does not know.
    package func schedule<Payload: JobPayload>(
        _ payload: Payload, key: String, _ recurrence: Recurrence, timeZone: String,
        _ options: JobOptions = JobOptions(), on connection: isolated PostgresConnection
    ) throws {
        let next = try recurrence.next(after: now(), timeZone: timeZone)
        try connection.execute(
            """
            insert into job_schedules
                (kind, key, payload, priority, most_attempts, recurrence, time_zone, next_at)
            values (\(Payload.kind), \(key), \(try Jobs.text(payload)), \(options.priority),
                \(options.mostAttempts)::integer, \(try Jobs.text(recurrence)), \(timeZone), \(next))
            on conflict (kind, key) do update set payload = excluded.payload, priority = excluded.priority,
                most_attempts = excluded.most_attempts, recurrence = excluded.recurrence,
                time_zone = excluded.time_zone, next_at = excluded.next_at
            """)
    }

    /// Ends a schedule; answers whether there was one. A job it has made already stays.
    @discardableResult
    package func unschedule(
        _ kind: (some JobPayload).Type, key: String, on connection: isolated PostgresConnection
    ) throws -> Bool {
        try connection.execute("delete from job_schedules where kind = \(kind.kind) and key = \(key)") == 1
    }

    /// Removes jobs, dead letters and schedules whose key or payload names one of these texts, but for one job.
    package func forget(naming texts: [String], in pool: PostgresPool, except id: UUIDv7) async throws {
        let condition: SQL = """
            exists (select from unnest(\(texts)::text[]) as text
                where position(text in coalesce(key, '')) > 0 or position('"' || text || '"' in payload::text) > 0)
            """
        try await pool.execute("delete from jobs where \(condition) and id <> \(id)")
        try await pool.execute("delete from dead_jobs where \(condition) and id <> \(id)")
        try await pool.execute("delete from job_schedules where \(condition)")
    }

    static func wakeWorkers(on connection: isolated PostgresConnection) throws {
        try connection.execute("select pg_notify(\(channel.description), '')")
    }

    static func text(_ value: some Encodable) throws -> JSONText {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return JSONText(bytes: try encoder.encode(value))
    }
}
