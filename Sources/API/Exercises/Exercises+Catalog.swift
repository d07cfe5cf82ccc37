import Protocol
import Realtime
import Store

// What live rooms need of exercises.
extension Exercises {
    /// The library and the way to users' own exercises, for live rooms.
    package func catalog() async throws -> ExerciseCatalog {
        try await ExerciseCatalog(
            reading: ExerciseCatalog.Source(
                library: { try await entries("owner is null") },
                own: { user in
                    // Of the deleted ones, which offline clients may still name, the latest only: they grow without bound.
                    try await entries("owner = \(user) order by deleted_at desc nulls first limit \(2 * Self.ownLimit)")
                }))
    }

    private func entries(_ condition: SQL) async throws -> [ExerciseCatalog.Entry] {
        try await pool.rows(
            """
            select id, name, primary_muscles, secondary_muscles, body_weight_share, version from exercises
            where \(condition)
            """
        ) { row throws(StoreError) in
            let facts = ExerciseFacts(
                id: try row.next(), name: try row.next(), primaryMuscles: try row.next(),
                secondaryMuscles: try row.next(), bodyWeightShare: try row.next())
            return ExerciseCatalog.Entry(facts: facts, version: try row.next())
        }
    }
}

extension ExerciseCatalog.Entry {
    init(_ row: Exercises.Row) {
        let exercise = row.exercise
        self.init(
            facts: ExerciseFacts(
                id: exercise.id, name: exercise.name, primaryMuscles: exercise.primaryMuscles,
                secondaryMuscles: exercise.secondaryMuscles, bodyWeightShare: exercise.bodyWeightShare),
            version: row.version)
    }
}
