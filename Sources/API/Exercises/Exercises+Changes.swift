import Protocol
import Store

// Making, changing and deleting exercises.
extension Exercises {
    /// How many own exercises a user may have.
    static let ownLimit = 500
    /// How many a user may make in all: deleted ones stay for the sets that were lifted.
    static let madeLimit = 2500

    /// Who asks for a change.
    struct Editor: Sendable {
        let user: UserID
        /// Whether they may change the library.
        let isAdmin: Bool
    }

    /// How many more exercises a user may have, and make; to be asked while the user's row is locked.
    static func left(of user: UserID, on connection: isolated PostgresConnection) throws -> (own: Int, made: Int) {
        let counts = try connection.first(
            "select count(*) filter (where deleted_at is null), count(*) from exercises where owner = \(user)",
            as: (Int, Int).self)
        let (own, made) = counts ?? (0, 0)
        return (max(0, ownLimit - own), max(0, madeLimit - made))
    }

    /// Makes an exercise, of the library when `owner` is nil. Throws `limitReached` beyond `ownLimit` own ones or `madeLimit`
    /// with the deleted ones.
    func make(_ id: ExerciseID, _ body: NewExercise, owner: UserID?, by editor: Editor) async throws -> Row {
        let values = body.values
        return try await pool.transaction { connection in
            if let owner {
                // Two at once count one after the other.
                try connection.execute("select from users where id = \(owner) for no key update")
                let left = try Self.left(of: owner, on: connection)
                guard left.own > 0 else {
                    throw Problem(.limitReached, detail: "At most \(Self.ownLimit) exercises of one's own.")
                }
                guard left.made > 0 else {
                    throw Problem(.limitReached, detail: "At most \(Self.madeLimit) exercises, deleted ones included.")
                }
            }
            let row = try connection.first(
                """
                insert into exercises (id, owner, slug, name, force, level, mechanic, equipment, category,
                    primary_muscles, secondary_muscles, body_weight_share, description, cues, media)
                values (\(id), \(owner), \(owner == nil ? id.description : nil), \(values.name), \(values.force),
                    \(values.level), \(values.mechanic), \(values.equipment), \(values.category),
                    \(values.primaryMuscles), \(values.secondaryMuscles), \(values.bodyWeightShare),
                    \(values.description), \(values.cues), \(values.media))
                returning \(Self.columns(for: editor.user))
                """, Self.read)
            guard let row else { throw Problem(.internalError) }
            return row
        }
    }

    /// Changes an exercise; `check` sees it before and may throw.
    func change(
        _ id: ExerciseID, _ body: ExerciseChange, by editor: Editor, check: @Sendable (Row) throws -> Void
    ) async throws -> Row {
        try await pool.transaction { connection in
            let before = try editable(id, by: editor, connection)
            try check(before)
            let values = try body.applied(to: before.exercise)
            let after = try connection.first(
                """
                update exercises set name = \(values.name), force = \(values.force), level = \(values.level),
                    mechanic = \(values.mechanic), equipment = \(values.equipment), category = \(values.category),
                    primary_muscles = \(values.primaryMuscles), secondary_muscles = \(values.secondaryMuscles),
                    body_weight_share = \(values.bodyWeightShare), description = \(values.description), cues = \(values.cues),
                    media = \(values.media), version = version + 1
                where id = \(id) returning \(Self.columns(for: editor.user))
                """, Self.read)
            guard let after else { throw Problem(.notFound) }
            return after
        }
    }

    /// Hides an exercise for good; workouts and templates that name it keep its name.
    func delete(_ id: ExerciseID, at time: Timestamp, by editor: Editor) async throws {
        try await pool.transaction { connection in
            _ = try editable(id, by: editor, connection)
            try connection.execute(
                "update exercises set deleted_at = \(time), version = version + 1 where id = \(id)")
        }
    }

    /// The exercise, locked. Throws `notFound` for what the editor cannot see, `forbidden` for the library of others.
    private func editable(
        _ id: ExerciseID, by editor: Editor, _ connection: isolated PostgresConnection
    ) throws -> Row {
        let row = try connection.first(
            """
            select \(Self.columns(for: editor.user)) from exercises
            where id = \(id) and \(Self.visible(to: editor.user)) for update
            """, Self.read)
        guard let row else { throw Problem(.notFound) }
        guard row.exercise.isOwn || editor.isAdmin else {
            throw Problem(.forbidden, detail: "The library is changed by administrators.")
        }
        return row
    }
}
