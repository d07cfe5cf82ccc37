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
        /// Nil where nobody can tell any more.
        package let workout: WorkoutID?
        package let user: UserID?
        /// Nil when it cannot be read.
        package let kept: KeptOp?
        package let reason: String
        package let createdAt: Timestamp
        package let resolvedAt: Timestamp?

        package var op: WorkoutOp? { kept?.op }
    }

    /// What becomes a letter.
    struct NewLetter: Sendable {
        let workout: WorkoutID?
        let user: UserID?
        let op: OpID?
        let epoch: Int64?
        let seq: Int64?
        let bytes: [UInt8]
        let reason: String

        /// An op that Postgres refused.
        init(_ entry: JournalEntry, reason: String) {
            (workout, user, op) = (entry.workout, entry.athlete, entry.op.id)
            (epoch, seq) = (entry.event.epoch, entry.event.seq)
            bytes = Self.bytes(of: KeptOp(entry.op, isAutomatic: entry.event.effects.isAutomatic))
            self.reason = reason
        }

        /// A kept op that its workout refused.
        init(_ spilled: Spill.SpilledOp, reason: String) {
            (workout, user, op) = (spilled.workout, spilled.athlete, spilled.op.id)
            (epoch, seq) = (nil, nil)
            bytes = Self.bytes(of: spilled.kept)
            self.reason = reason
        }

        /// A kept op that nobody can read.
        init(unreadable bytes: [UInt8], of workout: WorkoutID?, _ user: UserID?, reason: String) {
            (self.workout, self.user) = (workout, user)
            (op, epoch, seq) = (nil, nil, nil)
            self.bytes = bytes
            self.reason = reason
        }

        private static func bytes(of kept: KeptOp) -> [UInt8] {
            var writer = JSONWriter()
            writer.object { kept.write(to: &$0) }
            return writer.bytes
        }
    }

    /// Stores a letter, unless the same op of the same workout has an unresolved one; unreadable ones are told by their bytes.
    func insert(_ letter: NewLetter) async throws(StoreError) {
        let stored = try await pool.execute(
            """
            insert into dead_letters (workout_id, user_id, op_id, epoch, seq, op, reason)
            select \(letter.workout), \(letter.user), \(letter.op), \(letter.epoch), \(letter.seq), \(letter.bytes),
                \(letter.reason)
            where not exists (select 1 from dead_letters
                where op_id is not distinct from \(letter.op)::uuid
                    and workout_id is not distinct from \(letter.workout)::uuid
                    and (op_id is not null or op = \(letter.bytes)) and resolved_at is null)
            """)
        count.increment(by: stored)
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
                guard let kept = letter.kept, let workout = letter.workout, let user = letter.user else {
                    logger.error("a dead letter cannot be read", metadata: ["letter.id": "\(letter.id)"])
                    try await takeBackRetry(letter)
                    continue
                }
                do throws(Refusal) {
                    try await rooms.submitAgain(kept, to: workout, by: user, isRetry: true)
                } catch {
                    logger.error(
                        "a dead letter was refused again",
                        metadata: ["letter.id": "\(letter.id)", "error": "\(error.message)"])
                    // Otherwise it is offered again the next time. What it builds on comes by another letter, or never.
                    if !error.code.isTemporary || error.code == .unknownTarget { try await takeBackRetry(letter) }
                    continue
                }
                try await pool.execute("update dead_letters set resolved_at = now() where id = \(letter.id)")
            }
        } catch {
            logger.warning("dead letters could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func takeBackRetry(_ letter: Letter) async throws {
        try await pool.execute("update dead_letters set retry_requested_at = null where id = \(letter.id)")
    }

    private func letters(where condition: SQL) async throws -> [Letter] {
        let rows = try await pool.query(
            """
            select id, workout_id, user_id, op, reason, created_at, resolved_at from dead_letters
            where \(condition) order by id limit 1000
            """, as: (Int64, UUIDv7?, UUIDv7?, [UInt8], String, Timestamp, Timestamp?).self)
        return rows.map { row in
            Letter(
                id: row.0, workout: row.1, user: row.2, kept: Self.op(row.3), reason: row.4, createdAt: row.5,
                resolvedAt: row.6)
        }
    }

    /// Nil for bytes that are no op: they are kept because nobody could read them.
    private static func op(_ bytes: [UInt8]) -> KeptOp? { try? KeptOp(JSONReader.parse(bytes)) }
}
