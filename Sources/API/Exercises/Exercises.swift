import Protocol
import Realtime
import Store

/// Which exercises a list shows.
struct ExerciseFilter: Sendable {
    var muscle: Muscle?
    var equipment: String?
    var level: ExerciseLevel?
    var category: String?
    var force: ExerciseForce?
    var mechanic: ExerciseMechanic?
    /// Only the caller's own.
    var isMine = false
}

/// The library and users' own exercises.
package struct Exercises: Sendable {
    let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    /// All library exercises, deleted ones included since history names them, for live rooms.
    package func catalog() async throws -> ExerciseCatalog {
        ExerciseCatalog(
            try await pool.rows(
                "select id, name, primary_muscles, secondary_muscles from exercises where owner is null"
            ) { row throws(StoreError) in
                ExerciseFacts(
                    id: try row.next(), name: try row.next(), primaryMuscles: try row.next(),
                    secondaryMuscles: try row.next())
            })
    }

    private static let columns: SQL = """
        id, name, force, level, mechanic, equipment, category, primary_muscles, secondary_muscles, owner is not null
        """

    private static let read: @Sendable (inout RowReader) throws(StoreError) -> Exercise = { row throws(StoreError) in
        Exercise(
            id: try row.next(), name: try row.next(), force: try row.next(), level: try row.next(),
            mechanic: try row.next(), equipment: try row.next(), category: try row.next(),
            primaryMuscles: try row.next(), secondaryMuscles: try row.next(), isOwn: try row.next())
    }

    /// Library and own exercises by name.
    func list(for user: UserID, _ filter: ExerciseFilter, _ page: PageRequest) async throws -> [Exercise] {
        var conditions: [SQL] = ["deleted_at is null"]
        conditions.append(filter.isMine ? "owner = \(user)" : "(owner is null or owner = \(user))")
        // A muscle that only helps counts as well; array operators reach the index on the primary ones.
        if let muscle = filter.muscle {
            conditions.append("(primary_muscles @> \([muscle.rawValue]) or secondary_muscles @> \([muscle.rawValue]))")
        }
        if let equipment = filter.equipment { conditions.append("equipment = \(equipment)") }
        if let level = filter.level { conditions.append("level = \(level.rawValue)") }
        if let category = filter.category { conditions.append("category = \(category)") }
        if let force = filter.force { conditions.append("force = \(force.rawValue)") }
        if let mechanic = filter.mechanic { conditions.append("mechanic = \(mechanic.rawValue)") }
        if let after = page.after {
            conditions.append("(lower(name), id) > (lower(\(after.values[0])::text), \(try after.id(1)))")
        }
        return try await pool.rows(
            """
            select \(Self.columns) from exercises where \(SQL.join(conditions, separator: " and "))
            order by lower(name), id limit \(page.rowsToRead)
            """, Self.read)
    }

    /// One exercise of the library or of the user; nil for others'.
    func exercise(_ id: ExerciseID, for user: UserID) async throws -> Exercise? {
        try await pool.first(
            """
            select \(Self.columns) from exercises
            where id = \(id) and deleted_at is null and (owner is null or owner = \(user))
            """, Self.read)
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
