import Protocol
import Store

extension Exercises {
    /// Names and muscles of exercises that the user may know of, deleted ones included since history names them.
    func facts(of ids: [ExerciseID], for user: UserID) async throws -> [ExerciseID: ExerciseFacts] {
        guard !ids.isEmpty else { return [:] }
        let rows = try await pool.rows(
            """
            select id, name, primary_muscles, secondary_muscles, body_weight_share from exercises
            where id = any(\(ids)) and (owner is null or owner = \(user))
            """
        ) { row throws(StoreError) in
            ExerciseFacts(
                id: try row.next(), name: try row.next(), primaryMuscles: try row.next(),
                secondaryMuscles: try row.next(), bodyWeightShare: try row.next())
        }
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }
}
