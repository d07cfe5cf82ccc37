import Protocol
import Store

/// The derived rows that a batch changes; of a row that changed several times only the last state is written.
struct JournalRows {
    private struct Key: Hashable {
        let workout: WorkoutID
        let id: UUIDv7
    }

    /// Whose a row is.
    private struct Owner {
        let workout: WorkoutID
        let athlete: UserID
    }

    private var entries: [Key: (Owner, RowChanges.EntryRow)] = [:]
    private var sets: [Key: (Owner, RowChanges.SetRow)] = [:]

    init(_ batch: [JournalEntry]) {
        for entry in batch { add(entry.changes, of: Owner(workout: entry.workout, athlete: entry.athlete)) }
    }

    /// All rows of a workout that has none yet.
    init(_ base: BaseWorkout) { add(RowChanges(all: base.state), of: Owner(workout: base.id, athlete: base.athlete)) }

    private mutating func add(_ changes: RowChanges, of owner: Owner) {
        for row in changes.entries { entries[Key(workout: owner.workout, id: row.id)] = (owner, row) }
        for var row in changes.sets {
            let key = Key(workout: owner.workout, id: row.id)
            if let (_, earlier) = sets[key] { row.isNew = earlier.isNew }
            sets[key] = (owner, row)
        }
    }

    /// No two of them touch the same row.
    var statements: [SQL] {
        let standing = sets.values.filter { $0.1.set != nil }
        return [
            upsert(entries: entries.values.filter { $0.1.entry != nil }),
            write(sets: standing.filter(\.1.isNew), conflict: ""),
            write(
                sets: standing.filter { !$0.1.isNew },
                conflict: """
                    on conflict (workout_id, id) do update set type = excluded.type, weight_g = excluded.weight_g,
                        reps = excluded.reps, rpe_tenths = excluded.rpe_tenths, rir = excluded.rir,
                        duration_ms = excluded.duration_ms, distance_mm = excluded.distance_mm, side = excluded.side
                    """),
            deletion(from: "workout_exercises", of: entries.filter { $0.value.1.entry == nil }.map(\.key)),
            deletion(from: "workout_sets", of: sets.filter { $0.value.1.set == nil }.map(\.key)),
        ].compactMap { $0 }
    }

    private func upsert(entries rows: [(Owner, RowChanges.EntryRow)]) -> SQL? {
        guard !rows.isEmpty else { return nil }
        return """
            insert into workout_exercises (workout_id, id, exercise_id, name, position, superset_group, rest_ms,
                body_load_g)
            select * from unnest(
                \(rows.map(\.0.workout))::uuid[], \(rows.map(\.1.id))::uuid[],
                \(rows.map { $0.1.entry?.exerciseId })::uuid[], \(rows.map { $0.1.entry?.name ?? "" })::text[],
                \(rows.map(\.1.position))::integer[],
                \(rows.map { $0.1.entry?.supersetGroup.map { Int32($0) } })::integer[],
                \(rows.map { $0.1.entry?.restMilliseconds })::bigint[],
                \(rows.map { $0.1.entry?.bodyLoadGrams })::bigint[])
            on conflict (workout_id, id) do update set position = excluded.position,
                superset_group = excluded.superset_group, rest_ms = excluded.rest_ms
            """
    }

    private func write(sets rows: [(Owner, RowChanges.SetRow)], conflict: StaticString) -> SQL? {
        guard !rows.isEmpty else { return nil }
        let values = rows.map { $0.1.set?.values ?? SetValues() }
        return """
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
            """
    }

    private func deletion(from table: StaticString, of keys: [Key]) -> SQL? {
        guard !keys.isEmpty else { return nil }
        return """
            delete from \(raw: table) t
            using unnest(\(keys.map(\.workout))::uuid[], \(keys.map(\.id))::uuid[]) k (workout, id)
            where t.workout_id = k.workout and t.id = k.id
            """
    }
}
