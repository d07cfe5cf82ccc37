import Protocol
import Realtime
import Store

// What a log of another app needs of exercises: which there are to stand for its names, and own ones for the rest.
extension Exercises {
    /// An exercise that a user may name.
    struct Nameable: Sendable {
        let facts: ExerciseFacts
        let equipment: String?
        let isOwn: Bool
    }

    /// The library and the user's own exercises.
    func nameable(by user: UserID) async throws -> [Nameable] {
        try await pool.rows(
            """
            select id, name, primary_muscles, secondary_muscles, body_weight_share, equipment, owner is not null
            from exercises
            where \(Self.visible(to: user))
            """
        ) { row throws(StoreError) in
            let facts = ExerciseFacts(
                id: try row.next(), name: try row.next(), primaryMuscles: try row.next(),
                secondaryMuscles: try row.next(), bodyWeightShare: try row.next())
            return Nameable(facts: facts, equipment: try row.next(), isOwn: try row.next())
        }
    }

    /// The user's own exercises of these names, made where there is none, as long as `ownLimit` and
    /// `madeLimit` allow.
    ///
    /// What is made has no muscles yet: a name does not tell them. Names are as the rules of exercises take them; each
    /// comes with the id that it gets if it is made. Answers also which of them are new.
    func ownExercises(
        named wanted: [(name: String, id: ExerciseID)], of user: UserID
    ) async throws -> [(exercise: Row, isNew: Bool)] {
        guard !wanted.isEmpty else { return [] }
        let names = wanted.map { $0.name.lowercased() }
        return try await pool.transaction { connection in
            // Two imports at once make each name once.
            try connection.execute("select from users where id = \(user) for no key update")
            let known = try connection.rows(
                """
                select \(Self.columns(for: user)) from exercises
                where owner = \(user) and deleted_at is null and lower(name) = any(\(names))
                """, Self.read)
            let left = try Self.left(of: user, on: connection)
            let taken = Set(known.map { $0.exercise.name.lowercased() })
            let missing = wanted.filter { !taken.contains($0.name.lowercased()) }
                .prefix(min(left.own, left.made))
            let made = try connection.rows(
                """
                insert into exercises (id, owner, name, level, category, primary_muscles, secondary_muscles)
                select id, \(user), name, \(ExerciseLevel.intermediate.rawValue), 'strength', '{}', '{}'
                from unnest(\(missing.map(\.id))::uuid[], \(missing.map(\.name))::text[]) as new (id, name)
                on conflict (id) do nothing
                returning \(Self.columns(for: user))
                """, Self.read)
            return known.map { ($0, false) } + made.map { ($0, true) }
        }
    }
}
