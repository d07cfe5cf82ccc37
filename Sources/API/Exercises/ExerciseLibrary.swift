import Protocol
import Store
import Synchronization

/// The library in memory, as search and comparison need it, and beside it each user's own exercises; either is read again
/// when Postgres has another state of it, and neither for the other's sake.
final class ExerciseLibrary: Sendable {
    /// Grows with every change of an exercise, its use included.
    private struct Stamp: Hashable {
        let count, versions, popularity, deleted: Int
    }

    private typealias Kept = (stamp: Stamp, shelf: ExerciseIndex.Shelf)

    /// Two generations bound the memory: who does not search while one fills is forgotten with the next.
    private struct Own {
        static let mostUsers = 200
        var young: [UserID: Kept] = [:]
        var old: [UserID: Kept] = [:]
    }

    private let pool: PostgresPool
    private let kept = Mutex<Kept?>(nil)
    private let own = Mutex(Own())
    private let builds = Atomic(0)

    init(pool: PostgresPool) { self.pool = pool }

    /// How often exercises were read and their words gathered.
    var buildCount: Int { builds.load(ordering: .relaxed) }

    /// The library and the user's own exercises.
    func index(for user: UserID) async throws -> ExerciseIndex {
        let stamps = try await pool.query(
            """
            select 0, count(*), coalesce(sum(version), 0)::bigint, coalesce(sum(popularity), 0)::bigint,
                count(deleted_at)
            from exercises where owner is null
            union all
            select 1, count(*), coalesce(sum(version), 0)::bigint, 0, count(deleted_at)
            from exercises where owner = \(user)
            order by 1
            """, as: (Int, Int, Int, Int, Int).self
        ).map { Stamp(count: $0.1, versions: $0.2, popularity: $0.3, deleted: $0.4) }
        guard stamps.count == 2 else { throw Problem(.internalError) }
        let library = try await libraryShelf(stamps[0])
        guard stamps[1].count > stamps[1].deleted else { return ExerciseIndex([library]) }
        return ExerciseIndex([try await ownShelf(of: user, stamps[1]), library])
    }

    // The stamp was read first: what changes meanwhile only makes the next caller read again.

    private func libraryShelf(_ stamp: Stamp) async throws -> ExerciseIndex.Shelf {
        if let kept = kept.withLock({ $0 }), kept.stamp == stamp { return kept.shelf }
        let shelf = try await shelf("owner is null")
        kept.withLock { $0 = (stamp, shelf) }
        return shelf
    }

    private func ownShelf(of user: UserID, _ stamp: Stamp) async throws -> ExerciseIndex.Shelf {
        if let kept = own.withLock({ $0.young[user] ?? $0.old[user] }), kept.stamp == stamp { return kept.shelf }
        let shelf = try await shelf("owner = \(user)")
        own.withLock { own in
            own.young[user] = (stamp, shelf)
            guard own.young.count >= Own.mostUsers / 2 else { return }
            own.old = own.young
            own.young = [:]
        }
        return shelf
    }

    private func shelf(_ condition: SQL) async throws -> ExerciseIndex.Shelf {
        builds.add(1, ordering: .relaxed)
        return ExerciseIndex.Shelf(try await documents(condition))
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
