import Foundation
import Logging
import Protocol
import Store

/// Gathers one export.
struct DataExportJob: JobPayload {
    static let kind = "account.dataExport"
    var exportId: UUIDv7
}

/// Exports of everything held on a user, gathered into a file that is removed after a week.
///
/// What a small account holds is gathered while its owner waits, a large account's by a job. Either way there is a job,
/// so that an export that was begun is finished whatever happens to this process.
struct DataExports: Sendable {
    /// What who asks for an export gets.
    enum Outcome: Sendable {
        case file(SpooledFile, name: String)
        /// It is being gathered.
        case waiting(DataExport)
    }

    /// How long a file is kept.
    static let kept = Duration.seconds(7 * 24 * 3600)
    /// Within this time a repeat gives the export there is.
    static let fresh = Duration.seconds(3600)
    /// When the job looks after an export that is gathered while its owner waits; that is over by then, or has failed.
    static let lookedAfter = Duration.seconds(60)

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
    let attachments: ExportAttachment.List
    /// Accounts of at most so many rows are gathered at once.
    let atOnceRows: Int
    let seats = ExportSeats(count: 2)
    let now: @Sendable () -> Timestamp
    let logger: Logger

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

    /// Everything held on a user: the file that was made within the hour, or is made now of a small account; of a large
    /// one, or where too many are waiting, the export that a job gathers.
    func ask(_ user: UserID) async throws -> Outcome {
        let hasSeat = seats.take()
        defer { if hasSeat { seats.leave() } }
        let (export, isOurs) = try await current(of: user, mayGather: hasSeat)
        if isOurs {
            do {
                try await gather(export.id, isLastAttempt: false)
            } catch  where !Task.isCancelled {
                // Its job tries again.
                logger.warning(
                    "an export could not be gathered at once",
                    metadata: ["export.id": "\(export.id)", "error": "\(error)"])
                return .waiting(export)
            }
        }
        guard isOurs || export.status == .ready else { return .waiting(export) }
        if let file = try await files.open(export.id) { return .file(file, name: Self.name(of: export)) }
        // Its file is lost, as after a move without it; or the account was erased meanwhile.
        try await remove([export.id])
        throw Problem(.unavailable, detail: "The export was lost: ask again.", retryAfterSeconds: 1)
    }

    /// The export of a user that is being gathered, or was made within the hour; else a new one, with its job.
    ///
    /// Answers true with a new one of a small account, if `mayGather`: the caller has to gather it.
    private func current(of user: UserID, mayGather: Bool) async throws -> (DataExport, isOurs: Bool) {
        let time = now()
        return try await pool.transaction { connection in
            // Two at once ask one after the other.
            try connection.execute("select from users where id = \(user) for no key update")
            let found = try connection.first(
                """
                select \(Self.columns) from data_exports
                where user_id = \(user) and expires_at > \(time)
                  and (status = 'waiting' or status = 'ready' and created_at > \(time - Self.fresh))
                order by created_at desc limit 1
                """, Self.read)
            if let found, found.status == .ready { return (found, false) }
            let export = try found ?? insert(for: user, at: time, on: connection)
            let isOurs = try found == nil && mayGather && isSmall(user, on: connection)
            // Also for one that waits already: its job may have been given up.
            let options = JobOptions(
                priority: .low, runAt: isOurs ? time + Self.lookedAfter : nil, key: export.id.description)
            try jobs.enqueue(DataExportJob(exportId: export.id), options, on: connection)
            return (export, isOurs)
        }
    }

    private func isSmall(_ user: UserID, on connection: isolated PostgresConnection) throws -> Bool {
        try ExportPart.count(parts, of: user, upTo: atOnceRows, on: connection) <= atOnceRows
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
        return (file, Self.name(of: export))
    }

    private static func name(of export: DataExport) -> String {
        "fitai-data-\(export.createdAt.rfc3339.prefix(10)).zip"
    }

    /// Gathers an export; does nothing for one that is done or gone. After the last failure it is marked as failed.
    func gather(_ id: UUIDv7, isLastAttempt: Bool) async throws {
        let waiting = try await pool.first(
            "select user_id from data_exports where id = \(id) and status = 'waiting'", as: UserID.self)
        guard let user = waiting else { return }
        do {
            let size = try await files.write(id) { archive in
                try await ExportWriting(user: user, at: now(), pool: pool, archive: archive)
                    .write(parts, attachments)
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
