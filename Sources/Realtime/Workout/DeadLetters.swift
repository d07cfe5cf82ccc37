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
        package let kept: KeptOp
        package let reason: String
        package let createdAt: Timestamp
        package let resolvedAt: Timestamp?
    }

    /// Stores a refused op, once, and says so when that too is refused.
    ///
    /// - Throws: while storage is away; nothing behind the op may be stored before.
    func add(_ entry: JournalEntry, reason: String) async throws(StoreError) {
        var writer = JSONWriter()
        writer.object { KeptOp(entry.op, isAutomatic: entry.event.effects.isAutomatic).write(to: &$0) }
        let op = writer.bytes
        do throws(StoreError) {
            try await pool.execute(
                """
                insert into dead_letters (workout_id, user_id, op_id, epoch, seq, op, reason)
                select \(entry.workout), \(entry.athlete), \(entry.op.id), \(entry.event.epoch),
                    \(entry.event.seq), \(op), \(reason)
                where not exists (
                    select from dead_letters
                    where workout_id = \(entry.workout) and op_id = \(entry.op.id) and resolved_at is null)
                """)
        } catch {
            guard !error.isWorthRetrying else { throw error }
            logger.error("a dead letter could not be kept", metadata: ["error": "\(error)"])
        }
        count.increment()
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
                    try await rooms.submitAgain(letter.kept, to: letter.workout, by: letter.user)
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
                id: row.0, workout: row.1, user: row.2, kept: try KeptOp(JSONReader.parse(row.3)), reason: row.4,
                createdAt: row.5, resolvedAt: row.6)
        }
    }
}
