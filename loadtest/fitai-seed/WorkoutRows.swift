import Protocol
import Store

/// The rows that lifted workouts leave behind, as the journal writes them.
struct WorkoutRows: Sendable {
    private(set) var workouts = CopyText()
    private(set) var events = CopyText()
    private(set) var entries = CopyText()
    private(set) var sets = CopyText()

    mutating func add(_ workout: SeedWorkout) {
        add(head: workout)
        for (event, fingerprint) in workout.events {
            events.add(workout.id)
            events.add(event.seq)
            events.add(event.epoch)
            events.add(event.opId)
            events.add(Int64(bitPattern: fingerprint))
            events.add(event.receivedAt)
            events.add(utf8: event.json)
            events.endRow()
        }
        for (position, entry) in workout.state.entries.enumerated() {
            entries.add(workout.id)
            entries.add(entry.id)
            entries.add(entry.exerciseId)
            entries.add(entry.name)
            entries.add(position)
            entries.add(entry.supersetGroup)
            entries.add(entry.restMilliseconds)
            entries.endRow()
            for set in entry.sets { add(set, of: entry, in: workout) }
        }
    }

    private mutating func add(head workout: SeedWorkout) {
        let (state, summary) = (workout.state, workout.state.summary)
        workouts.add(workout.id)
        workouts.add(workout.athlete)
        workouts.add(1)
        workouts.add(workout.events.count)
        workouts.add(state.status.rawValue)
        workouts.add(state.name)
        workouts.add(state.startedAt)
        workouts.add(state.endedAt)
        workouts.add(state.lastAt)
        workouts.add(state.rpeTenths)
        workouts.add(summary.tonnage)
        workouts.add(summary.workingSets)
        workouts.add(summary.workingMilliseconds)
        workouts.add(summary.restingMilliseconds)
        workouts.add(state.startedAt)
        workouts.add(state.lastAt)
        workouts.endRow()
    }

    private mutating func add(
        _ set: WorkoutState.LoggedSet, of entry: WorkoutState.Entry, in workout: SeedWorkout
    ) {
        sets.add(workout.id)
        sets.add(set.id)
        sets.add(entry.id)
        sets.add(workout.athlete)
        sets.add(entry.exerciseId)
        sets.add(set.values.type.rawValue)
        sets.add(set.values.weightGrams)
        sets.add(set.values.reps)
        sets.add(set.values.rpeTenths)
        sets.add(set.values.rir)
        sets.add(set.values.durationMilliseconds)
        sets.add(set.values.distanceMillimeters)
        sets.add(set.values.side?.rawValue)
        sets.add(set.loggedAt)
        sets.endRow()
    }

    /// Writes everything in the caller's transaction.
    func copy(on connection: isolated PostgresConnection) throws(StoreError) {
        try connection.copy(
            workouts,
            into: """
                workouts (id, user_id, epoch, seq, status, name, started_at, ended_at, last_at, rpe_tenths, tonnage,
                    working_sets, working_ms, resting_ms, created_at, updated_at)
                """)
        try connection.copy(
            events, into: "workout_events (workout_id, seq, epoch, op_id, fingerprint, received_at, body)")
        try connection.copy(
            entries,
            into: "workout_exercises (workout_id, id, exercise_id, name, position, superset_group, rest_ms)")
        try connection.copy(
            sets,
            into: """
                workout_sets (workout_id, id, entry_id, user_id, exercise_id, type, weight_g, reps, rpe_tenths, rir,
                    duration_ms, distance_mm, side, logged_at)
                """)
    }
}
