import Protocol
import Store

/// A workout that was not lifted here: its history begins from a stored state, at seq 0.
///
/// Its room opens from that state, and every later change goes through the room as for any other workout.
package struct BaseWorkout: Sendable {
    package let id: WorkoutID
    package let athlete: UserID
    package let state: WorkoutState

    package init(id: WorkoutID, athlete: UserID, state: WorkoutState) {
        precondition(state.status != .new, "a workout that nothing has happened to has no state to begin from")
        self.id = id
        self.athlete = athlete
        self.state = state
    }

    /// What stores it: its row, the state, the rows derived from it, and the note that training has changed.
    ///
    /// Fragments that touch no row twice, for one statement or one transaction. The id must be new.
    package var statements: [SQL] {
        let head = HeadRow(state, state.summary)
        let row: SQL = """
            insert into workouts (id, user_id, status, name, visibility, planned_for, started_at, ended_at, last_at,
                rpe_tenths, tonnage, working_sets, working_ms, resting_ms)
            values (\(id), \(athlete), \(head.status.rawValue), \(head.name), \(head.visibility?.rawValue),
                \(head.plannedFor)::date, \(head.startedAt), \(head.endedAt), \(head.lastAt),
                \(head.rpeTenths)::smallint, \(head.summary.tonnage), \(head.summary.workingSets)::integer,
                \(head.summary.workingMilliseconds), \(head.summary.restingMilliseconds))
            """
        let base: SQL = """
            insert into workout_bases (workout_id, state)
            values (\(id), \(String(decoding: state.json(forWatchers: false), as: UTF8.self))::json)
            """
        return [row, base] + JournalRows(self).statements
            + [SQL.noteTrainingChange(of: [athlete])].compactMap { $0 }
    }
}
