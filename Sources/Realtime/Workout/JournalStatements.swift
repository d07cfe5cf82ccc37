import Protocol
import Store

/// The statements of a batch, as fragments: they run one by one or all in one.
struct JournalStatements {
    let batch: [JournalEntry]
    let histories: Set<WorkoutJournal.HistoryKey>
    private let rows: JournalRows

    init(_ batch: [JournalEntry]) {
        self.batch = batch
        histories = Set(batch.map { WorkoutJournal.HistoryKey($0.workout, $0.event.epoch) })
        rows = JournalRows(batch)
    }

    /// Whether the batch holds the last event of a workout, which takes rows of the same batch away again.
    var deletesWorkouts: Bool { batch.contains { $0.event.action == .delete } }

    /// Advances the head of every room in the batch whose epoch is still ours and whose last seq is the one before;
    /// returns the ids and epochs of those.
    var heads: SQL {
        var first: [WorkoutJournal.HistoryKey: Int64] = [:]
        var last: [WorkoutJournal.HistoryKey: JournalEntry] = [:]
        for entry in batch {
            let key = WorkoutJournal.HistoryKey(entry.workout, entry.event.epoch)
            if first[key] == nil { first[key] = entry.event.seq }
            last[key] = entry
        }
        let histories = last.sorted { ($0.key.workout, $0.key.epoch) < ($1.key.workout, $1.key.epoch) }
        let heads = histories.map(\.value.head)
        return """
            update workouts w set seq = h.last, status = h.status, name = h.name, visibility = h.visibility,
                planned_for = h.planned_for::date, started_at = h.started_at, ended_at = h.ended_at,
                last_at = h.last_at, rpe_tenths = h.rpe, tonnage = h.tonnage, working_sets = h.sets,
                working_ms = h.working, resting_ms = h.resting, updated_at = now()
            from unnest(
                \(histories.map(\.key.workout))::uuid[], \(histories.map(\.key.epoch))::bigint[],
                \(histories.map { first[$0.key] ?? 0 })::bigint[], \(histories.map(\.value.event.seq))::bigint[],
                \(heads.map(\.status.rawValue))::text[], \(heads.map(\.name))::text[],
                \(heads.map { $0.visibility?.rawValue })::text[], \(heads.map(\.plannedFor))::text[],
                \(heads.map(\.startedAt))::timestamptz[], \(heads.map(\.endedAt))::timestamptz[],
                \(heads.map(\.lastAt))::timestamptz[], \(heads.map(\.rpeTenths))::bigint[],
                \(heads.map(\.summary.tonnage))::bigint[], \(heads.map(\.summary.workingSets))::bigint[],
                \(heads.map(\.summary.workingMilliseconds))::bigint[],
                \(heads.map(\.summary.restingMilliseconds))::bigint[]
            ) h (id, epoch, first, last, status, name, visibility, planned_for, started_at, ended_at, last_at, rpe,
                tonnage, sets, working, resting)
            where w.id = h.id and w.epoch = h.epoch and w.seq = h.first - 1
            returning w.id, w.epoch
            """
    }

    /// The events, and what the derived rows need to be up to date.
    var changes: [SQL] {
        [events] + rows.statements + [SQL.noteTrainingChanges(of: batch)].compactMap { $0 }
    }

    /// Takes away every row of the workouts that the batch deletes; nothing when it deletes none.
    var purge: [SQL] {
        let deleted = batch.filter { $0.event.action == .delete }.map(\.workout)
        guard !deleted.isEmpty else { return [] }
        return [
            // Against heart rates that are being stored: those that came first are deleted below, later ones see the end.
            "select id from workouts where id = any(\(deleted)::uuid[]) order by id for update",
            "delete from workout_exercises where workout_id = any(\(deleted)::uuid[])",
            "delete from workout_sets where workout_id = any(\(deleted)::uuid[])",
            "delete from workout_heart_rate where workout_id = any(\(deleted)::uuid[])",
            "delete from workout_bases where workout_id = any(\(deleted)::uuid[])",
        ]
    }

    /// Heads and changes in one statement, which is refused as a whole unless every head advances.
    ///
    /// One statement is one transaction and one way to Postgres and back.
    var all: SQL {
        let parts = changes.enumerated().map { number, change in
            ", part\(raw: Self.numbers[number]) as (\(change))" as SQL
        }
        return """
            with advanced as (\(heads))\(SQL.join(parts, separator: ""))
            select case when count(*) = \(histories.count) then true else refuse('a room did not advance') end
            from advanced
            """
    }

    private static let numbers: [StaticString] = ["1", "2", "3", "4", "5", "6", "7"]

    private var events: SQL {
        """
        insert into workout_events (workout_id, seq, epoch, op_id, fingerprint, received_at, body)
        select workout, seq, epoch, op, fingerprint, received_at, body::json
        from unnest(
            \(batch.map(\.workout))::uuid[], \(batch.map(\.event.seq))::bigint[],
            \(batch.map(\.event.epoch))::bigint[], \(batch.map(\.event.opId))::uuid[],
            \(batch.map { Int64(bitPattern: $0.fingerprint) })::bigint[],
            \(batch.map(\.event.receivedAt))::timestamptz[],
            \(batch.map { String(decoding: $0.json, as: UTF8.self) })::text[]
        ) e (workout, seq, epoch, op, fingerprint, received_at, body)
        """
    }

    /// Where the rooms of the batch stand in Postgres.
    var standing: SQL {
        "select id, epoch, seq from workouts where id = any(\(histories.map(\.workout))::uuid[])"
    }

    /// Of the rooms that did not advance, those whose history really is another's: not merely a commit whose answer was lost.
    func fenced(
        advanced: Set<WorkoutJournal.HistoryKey>, standing: [(UUIDv7, Int64, Int64)]
    ) -> Set<WorkoutJournal.HistoryKey> {
        var last: [WorkoutJournal.HistoryKey: Int64] = [:]
        for entry in batch { last[WorkoutJournal.HistoryKey(entry.workout, entry.event.epoch)] = entry.event.seq }
        let committedBefore = standing.map { (WorkoutJournal.HistoryKey($0, $1), $2) }.filter { last[$0.0] == $0.1 }
        return histories.subtracting(advanced).subtracting(committedBefore.map(\.0))
    }
}
