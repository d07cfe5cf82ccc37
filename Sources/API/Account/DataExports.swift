import Foundation
import Protocol
import Store

/// Gathers one export.
struct DataExportJob: JobPayload {
    static let kind = "account.dataExport"
    var exportId: UUIDv7
}

/// Exports of everything held on a user: asked for, gathered by a job into a file, removed after a week.
struct DataExports: Sendable {
    /// How long a file is kept.
    static let kept = Duration.seconds(7 * 24 * 3600)
    /// Within this time a repeat gives the export there is.
    static let fresh = Duration.seconds(3600)

    static let exportParts = [
        ExportPart(
            "data-exports", tables: ["data_exports"],
            columns: ["id", "status", "created_at", "finished_at", "size_bytes", "expires_at"],
            omitted: ["user_id"], key: [.id("id")]
        ) { user in "from data_exports where user_id = \(user)" }
    ]

    let pool: PostgresPool
    let jobs: Jobs
    let files: ExportFiles
    let parts: [ExportPart]
    let now: @Sendable () -> Timestamp

    private static let columns: SQL = "id, status, created_at, finished_at, size_bytes, expires_at"

    private static let read: @Sendable (inout RowReader) throws(StoreError) -> DataExport = { row throws(StoreError) in
        let id = try row.next(UUIDv7.self)
        let status = try row.next(DataExport.Status.self)
        return DataExport(
            id: id, status: status, createdAt: try row.next(), finishedAt: try row.next(),
            sizeBytes: try row.next(), expiresAt: try row.next(),
            download: status == .ready ? "/v1/users/data-export/\(id)/download" : nil)
    }

    /// What has to be removed from time to time.
    var chores: [Housekeeping.Chore] {
        [
            Housekeeping.Chore(name: "data exports", removeSome: removeExpired),
            Housekeeping.Chore(name: "stray exports", removeSome: removeStrays),
        ]
    }

    func register(on handlers: inout JobHandlers) {
        handlers.add(DataExportJob.self) { job, run in
            try await gather(job.exportId, isLastAttempt: run.isLastAttempt)
        }
    }

    /// The export of a user that is being gathered, or was asked for within the hour and has not failed; else a new one.
    func ask(_ user: UserID) async throws -> DataExport {
        let time = now()
        return try await pool.transaction { connection in
            // Two at once ask one after the other.
            try connection.execute("select from users where id = \(user) for update")
            let current = try connection.first(
                """
                select \(Self.columns) from data_exports
                where user_id = \(user) and expires_at > \(time)
                  and (status = 'waiting' or status = 'ready' and created_at > \(time - Self.fresh))
                order by created_at desc limit 1
                """, Self.read)
            let export = try current ?? insert(for: user, at: time, on: connection)
            if export.status == .waiting {
                // Also for one that waits already: its job may have been given up.
                let options = JobOptions(priority: .low, key: export.id.description)
                try jobs.enqueue(DataExportJob(exportId: export.id), options, on: connection)
            }
            return export
        }
    }

    private func insert(
        for user: UserID, at time: Timestamp, on connection: isolated PostgresConnection
    ) throws -> DataExport {
        // One that waited for a week without an end must not stand in the way.
        try connection.execute("delete from data_exports where user_id = \(user) and status = 'waiting'")
        let made = try connection.first(
            """
            insert into data_exports (id, user_id, created_at, expires_at)
            values (\(UUIDv7.make(at: time)), \(user), \(time), \(time + Self.kept)) returning \(Self.columns)
            """, Self.read)
        guard let made else { throw Problem(.internalError) }
        return made
    }

    /// Throws `notFound`, for others' exports too.
    func export(_ id: UUIDv7, of user: UserID) async throws -> DataExport {
        let found = try await pool.first(
            """
            select \(Self.columns) from data_exports
            where id = \(id) and user_id = \(user) and expires_at > \(now())
            """, Self.read)
        guard let found else { throw Problem(.notFound) }
        return found
    }

    /// The file of an export. Throws `notFound`, and `wrongState` while it is not ready.
    func file(of id: UUIDv7, of user: UserID) async throws -> (file: SpooledFile, name: String) {
        let export = try await export(id, of: user)
        guard export.status == .ready else { throw Problem(.wrongState, detail: "The export is not ready.") }
        guard let file = try await files.open(id) else { throw Problem(.notFound) }
        return (file, "fitai-data-\(export.createdAt.rfc3339.prefix(10)).zip")
    }

    /// Gathers an export; does nothing for one that is done or gone. After the last failure it is marked as failed.
    func gather(_ id: UUIDv7, isLastAttempt: Bool) async throws {
        let waiting = try await pool.first(
            "select user_id from data_exports where id = \(id) and status = 'waiting'", as: UserID.self)
        guard let user = waiting else { return }
        do {
            let size = try await files.write(id) { archive in
                try await ExportWriting(user: user, at: now(), pool: pool, archive: archive).write(parts)
            }
            try await finish(id, of: user, size: size)
        } catch {
            if isLastAttempt {
                try await pool.execute(
                    """
                    update data_exports set status = 'failed', finished_at = \(now())
                    where id = \(id) and status = 'waiting'
                    """)
            }
            throw error
        }
    }

    /// The new file takes the place of the user's earlier ones.
    private func finish(_ id: UUIDv7, of user: UserID, size: Int) async throws {
        let time = now()
        let marked = try await pool.execute(
            """
            update data_exports set status = 'ready', finished_at = \(time), size_bytes = \(size),
                expires_at = \(time + Self.kept)
            where id = \(id) and status = 'waiting'
            """)
        guard marked == 1 else {
            // The account was erased meanwhile.
            return try await files.remove([id])
        }
        let earlier = try await pool.query(
            "select id from data_exports where user_id = \(user) and id <> \(id) and status <> 'waiting'",
            as: UUIDv7.self)
        try await remove(earlier)
    }

    /// Files first: a row that is left over is removed again, a file that nobody knows would stay.
    private func remove(_ ids: [UUIDv7]) async throws {
        guard !ids.isEmpty else { return }
        try await files.remove(ids)
        try await pool.execute("delete from data_exports where id = any(\(ids))")
    }

    /// Removes exports whose time is over; answers how many.
    func removeExpired() async throws -> Int {
        let expired = try await pool.query(
            "select id from data_exports where expires_at <= \(now()) order by expires_at limit 200", as: UUIDv7.self)
        try await remove(expired)
        return expired.count
    }

    /// Removes files that no row knows, such as halves that a killed process left; answers how many.
    func removeStrays() async throws -> Int {
        let found = try await files.ids()
        guard !found.isEmpty else { return 0 }
        let known = try await pool.query("select id from data_exports where id = any(\(found))", as: UUIDv7.self)
        let strays = Array(Set(found).subtracting(known).prefix(Housekeeping.rowsAtOnce))
        try await files.remove(strays)
        return strays.count
    }

    /// Removes all of a user's exports with their files.
    func erase(_ user: UserID) async throws {
        try await remove(try await pool.query("select id from data_exports where user_id = \(user)", as: UUIDv7.self))
    }
}

extension DataExport.Status: SQLBindable, ColumnDecodable {}
