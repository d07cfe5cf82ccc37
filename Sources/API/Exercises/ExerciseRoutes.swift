import HTTPTypes
import Protocol
import Store

/// `/v1/exercises`: the library and one's own exercises.
struct ExerciseRoutes: Sendable {
    let exercises: Exercises
    let ratings: ExerciseRatings
    let use: ExerciseUse
    let live: LiveHooks

    func declare(on routes: inout RouteTable) {
        let list = RouteOptions(caching: .revalidated)
        routes.get("/v1/exercises", "Exercises by name, popularity or rating", list, use: self.list)
        routes.get("/v1/exercises/muscle/:muscle", "Exercises that train a muscle", list, use: ofMuscle)
        routes.get("/v1/exercises/equipment/:equipment", "Exercises with some equipment", list, use: withEquipment)
        routes.get(
            "/v1/exercises/:id", "One exercise", RouteOptions(hasFields: true, caching: .revalidated), use: exercise)
        routes.post(
            "/v1/exercises", "Makes an exercise of one's own, or as administrator one of the library",
            status: .created,
            RouteOptions(
                problems: [.limitReached, .forbidden, .notFound], limit: .write, isKeyed: true, caching: .tagged),
            use: make)
        routes.put(
            "/v1/exercises/:id", "Changes an exercise; live rooms know it at once",
            RouteOptions(problems: [.forbidden, .preconditionFailed], limit: .write, caching: .tagged), use: change)
        routes.delete(
            "/v1/exercises/:id", "Deletes an exercise; history keeps its name",
            RouteOptions(problems: [.forbidden], limit: .write), use: delete)
        routes.post(
            "/v1/exercises/:id/rate", "Rates an exercise that one has logged, or changes the rating",
            RouteOptions(problems: [.forbidden], limit: .write), use: rate)
    }

    private func list(_ call: Call<SignedInUser, ExerciseQuery, NoBody>) async throws -> Answer<Page<Exercise>> {
        if call.query.sort == .popularity { try await use.refresh(at: call.seed.at) }
        return Answer(
            try await exercises.list(for: call.caller.id, call.query.filter, call.query.sort, call.query.page))
    }

    private func ofMuscle(
        _ call: Call<SignedInUser, ListQuery<ExerciseMuscleOrder>, NoBody>
    ) async throws -> Answer<Page<Exercise>> {
        guard let muscle = Muscle(rawValue: call.text("muscle").lowercased()) else { throw Problem(.notFound) }
        var filter = ExerciseFilter()
        filter.muscle = muscle.rawValue
        return Answer(try await exercises.list(for: call.caller.id, filter, .popularity, call.query.page))
    }

    private func withEquipment(
        _ call: Call<SignedInUser, ListQuery<ExerciseEquipmentOrder>, NoBody>
    ) async throws -> Answer<Page<Exercise>> {
        var filter = ExerciseFilter()
        let equipment = call.text("equipment").lowercased()
        // What Postgres cannot hold names nothing.
        guard !equipment.unicodeScalars.contains("\0"),
            try await exercises.hasEquipment(equipment, for: call.caller.id)
        else { throw Problem(.notFound) }
        filter.equipment = equipment
        return Answer(try await exercises.list(for: call.caller.id, filter, .popularity, call.query.page))
    }

    private func exercise(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Exercise> {
        guard let row = try await exercises.exercise(try call.id("id"), for: call.caller.id) else {
            throw Problem(.notFound)
        }
        return Answer(row.exercise, entityTag: row.entityTag)
    }

    private func make(_ call: Call<SignedInUser, NoQuery, NewExercise>) async throws -> Answer<Exercise> {
        let editor = editor(of: call)
        guard !call.body.isLibrary || editor.isAdmin else {
            throw Problem(.forbidden, detail: "The library is changed by administrators.")
        }
        let owner = call.body.isLibrary ? nil : call.caller.id
        let id = call.seed.id("exercise")
        // What an earlier try of the call has made has its id.
        let made = call.seed.isRetry ? try await exercises.exercise(id, for: editor.user) : nil
        if made == nil, call.seed.isRetry, try await exercises.isDeleted(id) { throw Problem(.notFound) }
        let row = if let made { made } else { try await exercises.make(id, call.body, owner: owner, by: editor) }
        await live.exerciseChanged(.init(row), owner)
        return Answer(row.exercise, entityTag: row.entityTag, headers: [.location: "/v1/exercises/\(id)"])
    }

    private func change(_ call: Call<SignedInUser, NoQuery, ExerciseChange>) async throws -> Answer<Exercise> {
        let row = try await exercises.change(try call.id("id"), call.body, by: editor(of: call)) { before in
            try call.checkMatch(before.entityTag)
        }
        await live.exerciseChanged(.init(row), row.exercise.isOwn ? call.caller.id : nil)
        return Answer(row.exercise, entityTag: row.entityTag)
    }

    private func delete(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await exercises.delete(try call.id("id"), at: call.seed.at, by: editor(of: call))
        return .done
    }

    private func rate(_ call: Call<SignedInUser, NoQuery, RatingInput>) async throws -> Answer<ExerciseRating> {
        Answer(
            try await ratings.rate(try call.id("id"), call.body.rating, by: call.caller.id, at: call.seed.at))
    }

    private func editor<Query, Body>(of call: Call<SignedInUser, Query, Body>) -> Exercises.Editor {
        Exercises.Editor(user: call.caller.id, isAdmin: call.caller.identity.role == .admin)
    }
}

/// The order of `GET /v1/exercises/muscle/:muscle`.
enum ExerciseMuscleOrder: ListOrder {
    static let name = "exercises:muscle"
    static let keys = ExerciseSort.popularity.cursorKeys
}

/// The order of `GET /v1/exercises/equipment/:equipment`.
enum ExerciseEquipmentOrder: ListOrder {
    static let name = "exercises:equipment"
    static let keys = ExerciseSort.popularity.cursorKeys
}

/// Filters and order of `GET /v1/exercises`.
struct ExerciseQuery: RouteQuery {
    static let muscle = Field.optional("muscle", ValueRule<Muscle>.choice, "Trains it, mainly or as a helper.")
    static let equipment = Field.optional("equipment", .text(1...40), "Such as barbell or body only.")
    static let level = Field.optional("level", ValueRule<ExerciseLevel>.choice, "How hard to learn.")
    static let category = Field.optional("category", .text(1...40), "Such as strength or stretching.")
    static let force = Field.optional("force", ValueRule<ExerciseForce>.choice, "The direction of the effort.")
    static let mechanic = Field.optional("mechanic", ValueRule<ExerciseMechanic>.choice, "Joints that move.")
    static let mine = Field.optional("mine", .flag, "Only the caller's own.")
    static let sort = Field.optional("sort", ValueRule<ExerciseSort>.choice, "The order; by name unless told.")

    static var parameters: [MemberSchema] {
        PageRequest.parameters + [
            muscle.schema, equipment.schema, level.schema, category.schema, force.schema, mechanic.schema,
            mine.schema, sort.schema,
        ]
    }

    let page: PageRequest
    let filter: ExerciseFilter
    let sort: ExerciseSort

    init?(reading query: inout QueryReader) {
        var filter = ExerciseFilter()
        filter.muscle = query.optional(Self.muscle)?.rawValue
        filter.equipment = query.optional(Self.equipment)
        filter.level = query.optional(Self.level)
        filter.category = query.optional(Self.category)
        filter.force = query.optional(Self.force)
        filter.mechanic = query.optional(Self.mechanic)
        filter.isMine = query.optional(Self.mine) ?? false
        sort = query.optional(Self.sort) ?? .name
        self.filter = filter
        page = PageRequest(reading: &query, list: "exercises:\(sort.rawValue)", keys: sort.cursorKeys)
    }
}
