import Protocol
import Store

/// `/v1/exercises`: the library and one's own exercises.
struct ExerciseRoutes: Sendable {
    let exercises: Exercises

    func declare(on routes: inout RouteTable) {
        routes.get(
            "/v1/exercises", "Exercises by name", RouteOptions(hasFields: true, caching: .revalidated), use: list)
        routes.get(
            "/v1/exercises/:id", "One exercise", RouteOptions(hasFields: true, caching: .revalidated), use: exercise)
    }

    private func list(_ call: Call<SignedInUser, ExerciseQuery, NoBody>) async throws -> Answer<Page<Exercise>> {
        let page = call.query.page
        let rows = try await exercises.list(for: call.caller.id, call.query.filter, page)
        return Answer(
            page.page(
                of: rows, cursor: { Cursor(after: $0.name, $0.id.description) }, item: { $0 }))
    }

    private func exercise(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Exercise> {
        guard let exercise = try await exercises.exercise(try call.id("id"), for: call.caller.id) else {
            throw Problem(.notFound)
        }
        return Answer(exercise)
    }
}

/// Filters and order of `GET /v1/exercises`.
struct ExerciseQuery: RouteQuery {
    enum Sort: String, Sendable, CaseIterable { case name }

    static let muscle = Field.optional("muscle", ValueRule<Muscle>.choice, "Trains it, mainly or as a helper.")
    static let equipment = Field.optional("equipment", .text(1...40), "Such as barbell or body only.")
    static let level = Field.optional("level", ValueRule<ExerciseLevel>.choice, "How hard to learn.")
    static let category = Field.optional("category", .text(1...40), "Such as strength or stretching.")
    static let force = Field.optional("force", ValueRule<ExerciseForce>.choice, "The direction of the effort.")
    static let mechanic = Field.optional("mechanic", ValueRule<ExerciseMechanic>.choice, "Joints that move.")
    static let mine = Field.optional("mine", .flag, "Only the caller's own.")
    static let sort = Field.optional("sort", ValueRule<Sort>.choice, "The order; by name unless told.")

    static var parameters: [MemberSchema] {
        PageRequest.parameters + [
            muscle.schema, equipment.schema, level.schema, category.schema, force.schema, mechanic.schema,
            mine.schema, sort.schema,
        ]
    }

    let page: PageRequest
    let filter: ExerciseFilter

    init?(reading query: inout QueryReader) {
        var filter = ExerciseFilter()
        filter.muscle = query.optional(Self.muscle)
        filter.equipment = query.optional(Self.equipment)
        filter.level = query.optional(Self.level)
        filter.category = query.optional(Self.category)
        filter.force = query.optional(Self.force)
        filter.mechanic = query.optional(Self.mechanic)
        filter.isMine = query.optional(Self.mine) ?? false
        _ = query.optional(Self.sort)
        self.filter = filter
        page = PageRequest(reading: &query, list: "exercises:name", keys: [.text, .id])
    }
}
