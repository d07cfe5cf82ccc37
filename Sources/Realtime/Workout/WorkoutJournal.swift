import Logging
import Metrics
import Protocol
import Store

/// Writes the events of all rooms to Postgres: heads, history and derived rows of a batch in one transaction.
package struct WorkoutJournal: WriteBehindTarget {
    /// One room under one epoch.
    package struct HistoryKey: Hashable, Sendable {
        let workout: WorkoutID
        let epoch: Int64

        init(_ workout: WorkoutID, _ epoch: Int64) {
            self.workout = workout
            self.epoch = epoch
        }
    }

    let pool: PostgresPool
    let logger: Logger

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    package func history(of entry: JournalEntry) -> HistoryKey { HistoryKey(entry.workout, entry.event.epoch) }

    package func commit(_ batch: [JournalEntry]) async throws(StoreError) -> Set<HistoryKey> {
        let statements = JournalStatements(batch)
        if !statements.deletesWorkouts {
            do throws(StoreError) {
                try await pool.execute(statements.all)
                return []
            } catch  where error.isRefusal {
                // A room that did not advance, or a row that Postgres refuses: the careful way tells which, and why.
            }
        }
        return try await commitCarefully(statements)
    }

    /// Commits what advances of a batch, statement by statement in one transaction.
    private func commitCarefully(_ statements: JournalStatements) async throws(StoreError) -> Set<HistoryKey> {
        do {
            return try await pool.transaction { connection in
                let heads = try connection.query(statements.heads, as: (UUIDv7, Int64).self)
                let advanced = Set(heads.map { HistoryKey($0.0, $0.1) })
                let written = statements.batch.filter { advanced.contains(HistoryKey($0.workout, $0.event.epoch)) }
                if !written.isEmpty {
                    let changes = JournalStatements(written)
                    for change in changes.changes + changes.purge { try connection.execute(change) }
                }
                guard advanced.count < statements.histories.count else { return [] }
                let standing = try connection.query(statements.standing, as: (UUIDv7, Int64, Int64).self)
                return statements.fenced(advanced: advanced, standing: standing)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable("\(error)")
        }
    }

    package func committed(_ batch: [JournalEntry]) {
        var latest: [HistoryKey: JournalEntry] = [:]
        for entry in batch { latest[history(of: entry)] = entry }
        for entry in latest.values { entry.room.becameDurable(upTo: entry) }
    }

    package func stopped(at entry: JournalEntry, refusal error: StoreError?) {
        if let error {
            logger.error(
                "Postgres refused a validated op",
                metadata: [
                    "workout.id": "\(entry.workout)", "op.id": "\(entry.event.opId)", "seq": "\(entry.event.seq)",
                    "error": "\(error)",
                ])
        }
        entry.room.stop(at: entry, refusal: error)
    }

    package func abandon() { pool.abandon() }
}

extension StoreError {
    /// Whether Postgres answered and said no, whosever fault that is.
    fileprivate var isRefusal: Bool {
        if case .server = self { return true }
        return blamesValues
    }
}
