import Foundation
import Protocol
import Realtime
import Store

/// The rows of imports: what was asked, how far it is, the file while it is worked on, and which workouts came of it.
package struct ImportStore: Sendable {
    /// A workout that was imported before.
    struct Source: Sendable {
        let workout: WorkoutID
        let contentHash: [UInt8]
        let importId: WorkoutImportID
        let isDeleted: Bool
    }

    /// How long reports are kept.
    static let keptFor = Duration.seconds(30 * 86_400)
    /// How many reports of a user are kept; the oldest go first.
    static let mostReports = 50

    let pool: PostgresPool
    let now: @Sendable () -> Timestamp
    let jobs: Jobs

    package init(pool: PostgresPool, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.now = now
        jobs = Jobs(now: now)
    }

    /// The user's import; nil for others'.
    func find(_ id: WorkoutImportID, of user: UserID) async throws -> WorkoutImport? {
        let row = try await pool.first(
            """
            select status, options, size_bytes, done_bytes, created_at, finished_at, failure, report
            from workout_imports where id = \(id) and user_id = \(user)
            """, as: (String, JSONText, Int, Int, Timestamp, Timestamp?, String?, JSONText).self)
        guard let (status, options, size, done, createdAt, finishedAt, failure, report) = row else { return nil }
        return WorkoutImport(
            id: id, status: ImportStatus(rawValue: status) ?? .failed,
            isDryRun: try Self.decoded(options, as: ImportOptions.self).isDryRun, sizeBytes: size, doneBytes: done,
            createdAt: createdAt, finishedAt: finishedAt, failure: failure,
            report: try Self.decoded(report, as: ImportReport.self))
    }

    /// Keeps an import that is over already.
    func keep(_ done: WorkoutImport, _ options: ImportOptions, of user: UserID) async throws {
        try await pool.execute(
            """
            insert into workout_imports (id, user_id, status, options, size_bytes, done_bytes, report, created_at,
                finished_at)
            values (\(done.id), \(user), \(done.status.rawValue), \(try Self.text(options)), \(done.sizeBytes),
                \(done.doneBytes), \(try Self.text(done.report)), \(done.createdAt), \(done.finishedAt))
            on conflict (id) do update set report = excluded.report, finished_at = excluded.finished_at
            """)
        try await pool.execute(Self.forgetOldest(of: user))
    }

    /// Reports of imports that are over, beyond the newest.
    private static func forgetOldest(of user: UserID) -> SQL {
        """
        delete from workout_imports where user_id = \(user) and status not in ('queued', 'running') and id in (
            select id from workout_imports where user_id = \(user)
            order by created_at desc, id desc offset \(mostReports))
        """
    }

    /// Keeps a file and has a job import it. Throws `limitReached` while another one of the user waits or runs.
    ///
    /// The same id again leaves it as it is: an answer that was lost is asked for again.
    func enqueue(
        _ id: WorkoutImportID, _ file: SpooledFile, _ options: ImportOptions, of user: UserID, at time: Timestamp
    ) async throws {
        let options = try Self.text(options)
        let report = try Self.text(ImportReport())
        try await pool.transaction { connection in
            try connection.execute("select from users where id = \(user) for no key update")
            let open = try connection.query(
                "select id from workout_imports where user_id = \(user) and status in ('queued', 'running')",
                as: UUIDv7.self)
            if open.contains(id) { return }
            guard open.isEmpty else { throw Problem(.limitReached, detail: "Another import is still under way.") }
            let added = try connection.execute(
                """
                insert into workout_imports (id, user_id, status, options, size_bytes, report, created_at)
                values (\(id), \(user), 'queued', \(options), \(file.sizeBytes), \(report), \(time))
                on conflict do nothing
                """)
            guard added == 1 else { return }
            try connection.execute(Self.forgetOldest(of: user))
            for place in 0..<(file.sizeBytes + ImportFile.pieceBytes - 1) / ImportFile.pieceBytes {
                // The connection's own thread may wait for the disk.
                let bytes = try file.readNow(at: place * ImportFile.pieceBytes, count: ImportFile.pieceBytes)
                try connection.execute(
                    """
                    insert into workout_import_parts (import_id, place, bytes)
                    values (\(id), \(place)::integer, \(bytes))
                    """)
            }
            try jobs.enqueue(
                ImportJob(importId: id, userId: user), JobOptions(priority: .low, key: id.description),
                on: connection)
        }
    }

    /// What a job is to do: the options and the file's size; nil for an import that is over or gone.
    func begin(_ id: WorkoutImportID) async throws -> (options: ImportOptions, sizeBytes: Int)? {
        let row = try await pool.first(
            """
            update workout_imports set status = 'running' where id = \(id) and status in ('queued', 'running')
            returning options, size_bytes
            """, as: (JSONText, Int).self)
        return try row.map { (try Self.decoded($0.0, as: ImportOptions.self), $0.1) }
    }

    func isRunning(_ id: WorkoutImportID) async throws -> Bool {
        try await pool.first("select status = 'running' from workout_imports where id = \(id)", as: Bool.self) ?? false
    }

    /// Ends what is under way of a user's imports where it is, and lets their files go.
    static func endAll(
        of user: UserID, because reason: String, at time: Timestamp, on connection: isolated PostgresConnection
    ) throws {
        let ended = try connection.query(
            """
            update workout_imports set status = 'failed', failure = \(reason), finished_at = \(time)
            where user_id = \(user) and status in ('queued', 'running') returning id
            """, as: UUIDv7.self)
        try connection.execute("delete from workout_import_parts where import_id = any(\(ended))")
    }

    /// Tells how far an import is.
    func progress(_ id: WorkoutImportID, doneBytes: Int, _ report: ImportReport) async throws {
        // The lists come with the end; until then the counts are enough.
        var counts = report
        (counts.exercises, counts.items, counts.lines) = ([], [], [])
        try await pool.execute(
            """
            update workout_imports set done_bytes = \(doneBytes), report = \(try Self.text(counts))
            where id = \(id) and status = 'running'
            """)
    }

    /// Ends an import, for good or with the reason why it failed; its file is let go.
    func finish(_ id: WorkoutImportID, doneBytes: Int, failure: String?, _ report: ImportReport) async throws {
        let report = try Self.text(report)
        let status: ImportStatus = failure == nil ? .completed : .failed
        try await pool.transaction { connection in
            try connection.execute(
                """
                update workout_imports set status = \(status.rawValue), done_bytes = \(doneBytes),
                    failure = \(failure), report = \(report), finished_at = \(now())
                where id = \(id) and status = 'running'
                """)
            try connection.execute("delete from workout_import_parts where import_id = \(id)")
        }
    }

    /// Removes reports that are old, a few thousand at a time; answers how many.
    package func removeOld() async throws -> Int {
        try await pool.execute(
            """
            delete from workout_imports where ctid in (
                select ctid from workout_imports where created_at < \(now() - Self.keptFor)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }

    static func text(_ value: some Encodable) throws -> JSONText { JSONText(bytes: try JSONEncoder().encode(value)) }

    private static func decoded<Value: Decodable>(_ text: JSONText, as: Value.Type) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.text.utf8))
    }
}

// Which workouts came of imports.
extension ImportStore {
    /// Those of the keys that were imported before.
    func sources(_ keys: [[UInt8]], of user: UserID) async throws -> [[UInt8]: Source] {
        let rows = try await pool.query(
            """
            select s.source_key, s.workout_id, s.content_hash, s.import_id, w.status = 'deleted'
            from workout_sources s join workouts w on w.id = s.workout_id
            where s.user_id = \(user) and s.source_key = any(\(keys))
            """, as: ([UInt8], UUIDv7, [UInt8], UUIDv7, Bool).self)
        return Dictionary(
            rows.map { ($0.0, Source(workout: $0.1, contentHash: $0.2, importId: $0.3, isDeleted: $0.4)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Stores a workout with where it came from, in one transaction; false when another import was first.
    func insert(_ base: BaseWorkout, key: [UInt8], contentHash: [UInt8], by id: WorkoutImportID) async throws -> Bool {
        let parts = base.statements.enumerated().map { number, statement in
            ", part\(raw: Self.numbers[number]) as (\(statement))" as SQL
        }
        do throws(StoreError) {
            // One statement is one transaction and one way to Postgres and back.
            try await pool.execute(
                """
                with source as (
                    insert into workout_sources (user_id, source_key, workout_id, content_hash, import_id)
                    values (\(base.athlete), \(key), \(base.id), \(contentHash), \(id)))
                \(SQL.join(parts, separator: "")) select 1
                """)
            return true
        } catch {
            guard case .unique("workout_sources_pkey") = error else { throw error }
            return false
        }
    }

    /// Those of the ops that a workout has taken and that changed it.
    func effective(_ ops: [OpID], in workout: WorkoutID) async throws -> Set<OpID> {
        let found = try await pool.query(
            """
            select op_id from workout_events where workout_id = \(workout) and op_id = any(\(ops))
                and body ->> 'superseded' is distinct from 'true'
            """, as: UUIDv7.self)
        return Set(found)
    }

    /// Notes what the log says of a workout now; an empty hash is of no log.
    func update(_ source: Source, key: [UInt8], of user: UserID, contentHash: [UInt8], by id: WorkoutImportID)
        async throws
    {
        try await pool.execute(
            """
            update workout_sources set content_hash = \(contentHash), import_id = \(id)
            where user_id = \(user) and source_key = \(key) and workout_id = \(source.workout)
            """)
    }

    private static let numbers: [StaticString] = ["1", "2", "3", "4", "5", "6", "7", "8"]
}
