import Protocol
import Store

extension PostgresConnection {
    /// Advances the head of every room in the batch whose epoch is still ours and whose last seq is the one before.
    func advanceHeads(of batch: [JournalEntry]) throws(StoreError) -> Set<WorkoutJournal.HistoryKey> {
        var first: [WorkoutJournal.HistoryKey: Int64] = [:]
        var last: [WorkoutJournal.HistoryKey: JournalEntry] = [:]
        for entry in batch {
            let key = WorkoutJournal.HistoryKey(entry.workout, entry.event.epoch)
            if first[key] == nil { first[key] = entry.event.seq }
            last[key] = entry
        }
        let histories = last.sorted { ($0.key.workout, $0.key.epoch) < ($1.key.workout, $1.key.epoch) }
        let heads = histories.map(\.value.head)
        let advanced = try query(
            """
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
            """, as: (UUIDv7, Int64).self)
        return Set(advanced.map { WorkoutJournal.HistoryKey($0.0, $0.1) })
    }

    func insertEvents(of batch: [JournalEntry]) throws(StoreError) {
        try execute(
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
            """)
    }

    /// Of the rooms that did not advance, those whose history really is another's: not merely a commit whose answer was lost.
    func fencedHistories(
        of batch: [JournalEntry], advanced: Set<WorkoutJournal.HistoryKey>
    ) throws(StoreError) -> Set<WorkoutJournal.HistoryKey> {
        var last: [WorkoutJournal.HistoryKey: Int64] = [:]
        for entry in batch { last[WorkoutJournal.HistoryKey(entry.workout, entry.event.epoch)] = entry.event.seq }
        let missed = last.filter { !advanced.contains($0.key) }
        let heads = try query(
            "select id, epoch, seq from workouts where id = any(\(missed.map(\.key.workout))::uuid[])",
            as: (UUIDv7, Int64, Int64).self)
        let committedBefore = heads.filter { missed[WorkoutJournal.HistoryKey($0.0, $0.1)] == $0.2 }
        return Set(missed.keys).subtracting(committedBefore.map { WorkoutJournal.HistoryKey($0.0, $0.1) })
    }

    /// Brings the derived rows up to date; of a row that changed several times in the batch only the last state is written.
    func writeRows(of batch: [JournalEntry]) throws(StoreError) {
        struct Key: Hashable {
            let workout: WorkoutID
            let id: UUIDv7
        }
        var entries: [Key: (JournalEntry, RowChanges.EntryRow)] = [:]
        var sets: [Key: (JournalEntry, RowChanges.SetRow)] = [:]
        for entry in batch {
            for row in entry.changes.entries { entries[Key(workout: entry.workout, id: row.id)] = (entry, row) }
            for var row in entry.changes.sets {
                let key = Key(workout: entry.workout, id: row.id)
                if let (_, earlier) = sets[key] { row.isNew = earlier.isNew }
                sets[key] = (entry, row)
            }
        }
        try upsert(entries: entries.values.filter { $0.1.entry != nil })
        let standing = sets.values.filter { $0.1.set != nil }
        try write(sets: standing.filter(\.1.isNew), conflict: "")
        try write(
            sets: standing.filter { !$0.1.isNew },
            conflict: """
                on conflict (workout_id, id) do update set type = excluded.type, weight_g = excluded.weight_g,
                    reps = excluded.reps, rpe_tenths = excluded.rpe_tenths, rir = excluded.rir,
                    duration_ms = excluded.duration_ms, distance_mm = excluded.distance_mm, side = excluded.side
                """)
        try delete(
            from: "workout_exercises", entries.filter { $0.value.1.entry == nil }.map { ($0.key.workout, $0.key.id) })
        try delete(from: "workout_sets", sets.filter { $0.value.1.set == nil }.map { ($0.key.workout, $0.key.id) })
        let deleted = batch.filter { $0.event.action == .delete }.map(\.workout)
        guard !deleted.isEmpty else { return }
        try execute("delete from workout_exercises where workout_id = any(\(deleted)::uuid[])")
        try execute("delete from workout_sets where workout_id = any(\(deleted)::uuid[])")
        try execute("delete from workout_heart_rate where workout_id = any(\(deleted)::uuid[])")
    }

    private func upsert(entries rows: [(JournalEntry, RowChanges.EntryRow)]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        try execute(
            """
            insert into workout_exercises (workout_id, id, exercise_id, name, position, superset_group, rest_ms)
            select * from unnest(
                \(rows.map(\.0.workout))::uuid[], \(rows.map(\.1.id))::uuid[],
                \(rows.map { $0.1.entry?.exerciseId })::uuid[], \(rows.map { $0.1.entry?.name ?? "" })::text[],
                \(rows.map(\.1.position))::integer[],
                \(rows.map { $0.1.entry?.supersetGroup.map { Int32($0) } })::integer[],
                \(rows.map { $0.1.entry?.restMilliseconds })::bigint[])
            on conflict (workout_id, id) do update set position = excluded.position,
                superset_group = excluded.superset_group, rest_ms = excluded.rest_ms
            """)
    }

    private func write(sets rows: [(JournalEntry, RowChanges.SetRow)], conflict: StaticString) throws(StoreError) {
        guard !rows.isEmpty else { return }
        let values = rows.map { $0.1.set?.values ?? SetValues() }
        try execute(
            """
            insert into workout_sets (workout_id, id, entry_id, user_id, exercise_id, type, weight_g, reps, rpe_tenths,
                rir, duration_ms, distance_mm, side, logged_at)
            select * from unnest(
                \(rows.map(\.0.workout))::uuid[], \(rows.map(\.1.id))::uuid[], \(rows.map(\.1.entry))::uuid[],
                \(rows.map(\.0.athlete))::uuid[], \(rows.map(\.1.exercise))::uuid[],
                \(values.map(\.type.rawValue))::text[], \(values.map(\.weightGrams))::bigint[],
                \(values.map { $0.reps.map { Int32($0) } })::integer[],
                \(values.map { $0.rpeTenths.map { Int16($0) } })::smallint[],
                \(values.map { $0.rir.map { Int16($0) } })::smallint[],
                \(values.map(\.durationMilliseconds))::bigint[], \(values.map(\.distanceMillimeters))::bigint[],
                \(values.map { $0.side?.rawValue })::text[],
                \(rows.map { $0.1.set?.loggedAt ?? Timestamp(milliseconds: 0) })::timestamptz[])
            \(raw: conflict)
            """)
    }

    private func delete(from table: StaticString, _ keys: [(WorkoutID, UUIDv7)]) throws(StoreError) {
        guard !keys.isEmpty else { return }
        try execute(
            """
            delete from \(raw: table) t using unnest(\(keys.map(\.0))::uuid[], \(keys.map(\.1))::uuid[]) k (workout, id)
            where t.workout_id = k.workout and t.id = k.id
            """)
    }
}
