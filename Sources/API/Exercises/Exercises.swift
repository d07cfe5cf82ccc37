import Protocol
import Realtime
import Store

/// Which exercises a list shows.
struct ExerciseFilter: Sendable {
    var muscle: String?
    var equipment: String?
    var level: ExerciseLevel?
    var category: String?
    var force: ExerciseForce?
    var mechanic: ExerciseMechanic?
    /// Only the caller's own.
    var isMine = false
}

/// The order of a list of exercises.
enum ExerciseSort: String, Sendable, CaseIterable {
    case name
    /// The most trained in the last 30 days first.
    case popularity
    /// The best rated first.
    case rating

    var cursorKeys: [Cursor.Key] { self == .name ? [.text, .id] : [.integer, .text, .id] }
}

/// The library and users' own exercises.
package struct Exercises: Sendable {
    /// An exercise with what its list is ordered by and its version.
    struct Row: Sendable {
        let exercise: Exercise
        let version: Int
        let popularity, ratingRank: Int

        /// Changes with everything the caller can see of it.
        var entityTag: EntityTag {
            EntityTag(
                "v\(version).\(exercise.ratingCount).\(ratingRank).\(exercise.myRating ?? 0)")
        }
    }

    let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    static func columns(for user: UserID) -> SQL {
        """
        id, name, force, level, mechanic, equipment, category, primary_muscles, secondary_muscles, body_weight_share,
        description, cues, media, rating_sum, rating_count,
        (select r.rating from exercise_ratings r where r.exercise_id = exercises.id and r.user_id = \(user)),
        owner is not null, version, popularity, rating_rank
        """
    }

    static let read: @Sendable (inout RowReader) throws(StoreError) -> Row = { row throws(StoreError) in
        var exercise = Exercise(
            id: try row.next(), name: try row.next(), force: try row.next(), level: try row.next(),
            mechanic: try row.next(), equipment: try row.next(), category: try row.next(),
            primaryMuscles: try row.next(), secondaryMuscles: try row.next(), bodyWeightShare: try row.next(),
            description: try row.next(), cues: try row.next(), media: try row.next(), averageRating: nil,
            ratingCount: 0, myRating: nil, isOwn: false)
        let sum = try row.next(Int.self)
        exercise.ratingCount = try row.next()
        exercise.averageRating = ExerciseRatings.average(sum: sum, count: exercise.ratingCount)
        exercise.myRating = try row.next()
        exercise.isOwn = try row.next()
        return Row(
            exercise: exercise, version: try row.next(), popularity: try row.next(), ratingRank: try row.next())
    }

    /// What a user may see: the library and their own.
    static func visible(to user: UserID) -> SQL { "deleted_at is null and (owner is null or owner = \(user))" }

    /// Library and own exercises in the asked order.
    func list(
        for user: UserID, _ filter: ExerciseFilter, _ sort: ExerciseSort, _ page: PageRequest
    ) async throws -> Page<Exercise> {
        var conditions: [SQL] = [filter.isMine ? "deleted_at is null and owner = \(user)" : Self.visible(to: user)]
        // A muscle that only helps counts as well; array operators reach the index on the primary ones.
        if let muscle = filter.muscle {
            conditions.append("(primary_muscles @> \([muscle]) or secondary_muscles @> \([muscle]))")
        }
        if let equipment = filter.equipment { conditions.append("equipment = \(equipment)") }
        if let level = filter.level { conditions.append("level = \(level.rawValue)") }
        if let category = filter.category { conditions.append("category = \(category)") }
        if let force = filter.force { conditions.append("force = \(force.rawValue)") }
        if let mechanic = filter.mechanic { conditions.append("mechanic = \(mechanic.rawValue)") }
        let rank: SQL = sort == .popularity ? "popularity" : "rating_rank"
        if let after = page.after {
            if sort == .name {
                conditions.append("(lower(name), id) > (lower(\(after.values[0])::text), \(try after.id(1)))")
            } else {
                let value = try after.integer(0)
                conditions.append(
                    """
                    (\(rank) < \(value) or \(rank) = \(value)
                        and (lower(name), id) > (lower(\(after.values[1])::text), \(try after.id(2))))
                    """)
            }
        }
        let order: SQL = sort == .name ? "lower(name), id" : "\(rank) desc, lower(name), id"
        let rows = try await pool.rows(
            """
            select \(Self.columns(for: user)) from exercises where \(SQL.join(conditions, separator: " and "))
            order by \(order) limit \(page.rowsToRead)
            """, Self.read)
        return page.page(of: rows, cursor: { sort.cursor(after: $0) }, item: \.exercise)
    }

    /// One exercise of the library or of the user; nil for others'.
    func exercise(_ id: ExerciseID, for user: UserID) async throws -> Row? {
        try await pool.first(
            "select \(Self.columns(for: user)) from exercises where id = \(id) and \(Self.visible(to: user))",
            Self.read)
    }

    /// Whether there was an exercise of this id.
    func isDeleted(_ id: ExerciseID) async throws -> Bool {
        try await pool.first("select deleted_at is not null from exercises where id = \(id)", as: Bool.self) ?? false
    }

    /// Those of the exercises that the user may see.
    func exercises(_ ids: [ExerciseID], for user: UserID) async throws -> [ExerciseID: Exercise] {
        let rows = try await pool.rows(
            """
            select \(Self.columns(for: user)) from exercises
            where id = any(\(ids)) and \(Self.visible(to: user))
            """, Self.read)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.exercise.id, $0.exercise) })
    }

    /// Whether any exercise the user may see has this equipment.
    func hasEquipment(_ equipment: String, for user: UserID) async throws -> Bool {
        try await pool.first(
            "select exists (select from exercises where equipment = \(equipment) and \(Self.visible(to: user)))",
            as: Bool.self) ?? false
    }
}

extension ExerciseSort {
    fileprivate func cursor(after row: Exercises.Row) -> Cursor {
        let (name, id) = (row.exercise.name, row.exercise.id.description)
        switch self {
        case .name: return Cursor(after: name, id)
        case .popularity: return Cursor(after: String(row.popularity), name, id)
        case .rating: return Cursor(after: String(row.ratingRank), name, id)
        }
    }
}

/// The muscles of the library.
enum Muscle: String, Sendable, CaseIterable {
    case abdominals, abductors, adductors, biceps, calves, chest, forearms, glutes, hamstrings, lats
    case lowerBack = "lower back"
    case middleBack = "middle back"
    case neck, quadriceps, shoulders, traps, triceps
}

enum ExerciseLevel: String, Sendable, CaseIterable { case beginner, intermediate, expert }
enum ExerciseForce: String, Sendable, CaseIterable { case push, pull, `static` }
enum ExerciseMechanic: String, Sendable, CaseIterable { case compound, isolation }
