import CoreMetrics
import Logging
import Metrics
import Protocol
import Store

/// Ops that Postgres refused although they were valid, kept with their reason until somebody deals with them.
package struct DeadLetters: Sendable {
    let pool: PostgresPool
    let logger: Logger
    private let count = Counter(label: "fitai_dead_letters_total")

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    package struct Letter: Sendable {
        package let id: Int64
        package let workout: WorkoutID
        package let user: UserID
        package let op: WorkoutOp
        package let reason: String
        package let createdAt: Timestamp
        package let resolvedAt: Timestamp?
    }

    /// Stores a refused op; waits until storage takes it, since nothing behind it may be stored before.
    func add(_ entry: JournalEntry, reason: String) async {
        var writer = JSONWriter()
        writer.object { entry.op.write(to: &$0) }
        let op = writer.bytes
        count.increment()
        var backOff = BackOff()
        while true {
            do {
                try await pool.execute(
                    """
                    insert into dead_letters (workout_id, user_id, op_id, epoch, seq, op, reason)
                    values (\(entry.workout), \(entry.athlete), \(entry.op.id), \(entry.event.epoch),
                        \(entry.event.seq), \(op), \(reason))
                    """)
                return
            } catch {
                logger.error("a dead letter waits for storage", metadata: ["error": "\(error)"])
                guard error.isWorthRetrying else { return }
            }
            do { try await Task.sleep(for: backOff.next()) } catch { return }
        }
    }

    /// Unresolved letters, oldest first; at most 1,000.
    package func list() async throws -> [Letter] { try await letters(where: "resolved_at is null") }

    /// Asks the running server (or the next one to start) to offer a letter's op again.
    ///
    /// - Returns: false when there is no such unresolved letter.
    package func requestRetry(_ id: Int64) async throws -> Bool {
        try await pool.execute(
            "update dead_letters set retry_requested_at = now() where id = \(id) and resolved_at is null") > 0
    }

    /// Offers the ops whose retry was asked for to their rooms.
    package func retryRequested(in rooms: Rooms) async {
        do {
            for letter in try await letters(where: "resolved_at is null and retry_requested_at is not null") {
                try await pool.execute("update dead_letters set retry_requested_at = null where id = \(letter.id)")
                do throws(Refusal) {
                    _ = try await rooms.submit(letter.op, to: letter.workout, by: letter.user)
                } catch {
                    logger.error(
                        "a dead letter was refused again",
                        metadata: ["letter.id": "\(letter.id)", "error": "\(error.message)"])
                    continue
                }
                try await pool.execute("update dead_letters set resolved_at = now() where id = \(letter.id)")
            }
        } catch {
            logger.warning("dead letters could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func letters(where condition: SQL) async throws -> [Letter] {
        let rows = try await pool.query(
            """
            select id, workout_id, user_id, op, reason, created_at, resolved_at from dead_letters
            where \(condition) order by id limit 1000
            """, as: (Int64, UUIDv7, UUIDv7, [UInt8], String, Timestamp, Timestamp?).self)
        return try rows.map { row in
            Letter(
                id: row.0, workout: row.1, user: row.2, op: try WorkoutOp(JSONReader.parse(row.3)), reason: row.4,
                createdAt: row.5, resolvedAt: row.6)
        }
    }
}
