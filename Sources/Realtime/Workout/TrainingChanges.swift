import Protocol
import Store

extension PostgresConnection {
    /// Notes, in the transaction of the change itself, that what these athletes' goals are reckoned from has changed.
    package func noteTrainingChange(of athletes: Set<UserID>) throws(StoreError) {
        if let statement = SQL.noteTrainingChange(of: athletes) { try execute(statement) }
    }
}

extension SQL {
    /// Notes that what these athletes' goals are reckoned from has changed; nil for nobody.
    static func noteTrainingChange(of athletes: Set<UserID>) -> SQL? {
        guard !athletes.isEmpty else { return nil }
        // In order, so that two transactions that note the same athletes wait for each other instead of deadlocking.
        return """
            insert into training_changes (user_id, changed_at)
            select athlete, clock_timestamp() from unnest(\(athletes.sorted())::uuid[]) a (athlete)
            on conflict (user_id) do update set changed_at = excluded.changed_at
            """
    }

    /// The same for a batch of events: athletes whose workouts ended, or changed after their end.
    ///
    /// Sets of a workout that still runs are told with its end, so that lifting costs no further row.
    static func noteTrainingChanges(of batch: [JournalEntry]) -> SQL? {
        let ended = batch.filter { entry in
            switch entry.head.status {
            case .completed, .abandoned, .deleted: true
            case .new, .planned, .active, .paused: false
            }
        }
        return noteTrainingChange(of: Set(ended.map(\.athlete)))
    }
}
