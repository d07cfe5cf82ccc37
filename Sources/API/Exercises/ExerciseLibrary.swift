import Protocol
import Store
import Synchronization

/// The library in memory, as search and comparison need it; read again when Postgres has another state.
final class ExerciseLibrary: Sendable {
    /// Grows with every change of a library exercise, its use included.
    private struct Stamp: Hashable {
        let count, versions, popularity: Int
    }

    private let pool: PostgresPool
    private let kept = Mutex<(stamp: Stamp, index: ExerciseIndex)?>(nil)

    init(pool: PostgresPool) { self.pool = pool }

    /// The library alone.
    func index() async throws -> ExerciseIndex {
        let row = try await pool.first(
            """
            select count(*), coalesce(sum(version), 0)::bigint, coalesce(sum(popularity), 0)::bigint
            from exercises where owner is null
            """, as: (Int, Int, Int).self)
        let stamp = Stamp(count: row?.0 ?? 0, versions: row?.1 ?? 0, popularity: row?.2 ?? 0)
        if let kept = kept.withLock({ $0 }), kept.stamp == stamp { return kept.index }
        // The stamp was read first: what changes meanwhile only makes the next caller read again.
        let index = ExerciseIndex(try await documents("owner is null"))
        kept.withLock { $0 = (stamp, index) }
        return index
    }

    /// The library and the user's own exercises.
    func index(for user: UserID) async throws -> ExerciseIndex {
        let library = try await index()
        let own = try await documents("owner = \(user)")
        return own.isEmpty ? library : ExerciseIndex(own + library.documents)
    }

    private func documents(_ condition: SQL) async throws -> [ExerciseDocument] {
        try await pool.rows(
            """
            select id, name, force, level, mechanic, equipment, category, primary_muscles, secondary_muscles,
                body_weight_share, description, cues, aliases, recent_sets, familiarity
            from exercises where \(condition) and deleted_at is null
            """
        ) { row throws(StoreError) in
            let exercise = Exercise(
                id: try row.next(), name: try row.next(), force: try row.next(), level: try row.next(),
                mechanic: try row.next(), equipment: try row.next(), category: try row.next(),
                primaryMuscles: try row.next(), secondaryMuscles: try row.next(), bodyWeightShare: try row.next(),
                description: try row.next(), cues: try row.next(), media: [], averageRating: nil, ratingCount: 0,
                myRating: nil, isOwn: false)
            return ExerciseDocument(
                exercise, aliases: try row.next(), recentSets: try row.next(), familiarity: try row.next())
        }
    }
}
