import HTTPTypes
import Protocol
import Store

/// `/v1/templates`: programs, and what users do with them.
struct TemplateRoutes: Sendable {
    let templates: Templates
    private var marks: TemplateMarks { TemplateMarks(templates: templates) }

    init(templates: Templates) { self.templates = templates }

    func declare(on routes: inout RouteTable) {
        let list = RouteOptions(caching: .tagged)
        let creates = RouteOptions(
            problems: [.limitReached, .forbidden, .notFound], limit: .write, isKeyed: true, caching: .tagged)
        shelf("/v1/templates", "Every template the caller may see", .all, &routes, list)
        shelf("/v1/templates/public", "Public templates, the library's among them", .public, &routes, list)
        shelf("/v1/templates/featured", "Templates that administrators recommend", .featured, &routes, list)
        shelf("/v1/templates/my", "One's own templates", .my, &routes, list)
        routes.post("/v1/templates", "Makes a template", status: .created, creates, use: make)
        routes.get(
            "/v1/templates/:id", "A template with its program, also an older version",
            RouteOptions(problems: [.forbidden], hasFields: true, caching: .tagged), use: template)
        routes.put(
            "/v1/templates/:id", "Changes a template; each change makes a version, featuring does not",
            RouteOptions(
                problems: [.forbidden, .preconditionFailed, .limitReached], limit: .write, caching: .tagged),
            use: change)
        routes.delete(
            "/v1/templates/:id", "Deletes a template; copies and workouts stay",
            RouteOptions(problems: [.forbidden], limit: .write), use: delete)
        routes.get(
            "/v1/templates/:id/versions", "The versions of a template, newest first",
            RouteOptions(problems: [.forbidden]), use: versions)
        routes.post(
            "/v1/templates/:id/favorite", "Makes a template a favourite", status: .noContent,
            RouteOptions(limit: .write), use: addFavorite)
        routes.delete("/v1/templates/:id/favorite", "Takes a favourite back", use: removeFavorite)
        routes.post(
            "/v1/templates/:id/duplicate", "Copies a template; the copy names origin and creator",
            status: .created, creates, use: duplicate)
        routes.post(
            "/v1/templates/:id/rate", "Rates a template that one has trained, or changes the rating",
            RouteOptions(problems: [.forbidden], limit: .write), use: rate)
    }

    private func shelf(
        _ path: String, _ summary: String, _ shelf: Templates.Shelf, _ routes: inout RouteTable,
        _ options: RouteOptions
    ) {
        let templates = templates
        routes.get(path, summary, options) { (call: Call<SignedInUser, TemplateQuery, NoBody>) in
            Answer(try await templates.list(shelf, for: call.caller.id, call.query))
        }
    }

    private func make(_ call: Call<SignedInUser, NoQuery, NewTemplate>) async throws -> Answer<Template> {
        guard !call.body.isLibrary || editor(of: call).isAdmin else {
            throw Problem(.forbidden, detail: "The library is changed by administrators.")
        }
        if let made = try await made(by: call) { return made }
        let owner = call.body.isLibrary ? nil : call.caller.id
        return answer(
            try await templates.make(
                call.seed.id("template"), call.body.values, owner: owner, by: call.caller.id, at: call.seed.at),
            isNew: true)
    }

    private func template(_ call: Call<SignedInUser, TemplateVersionQuery, NoBody>) async throws -> Answer<Template> {
        let id = try call.id("id")
        if let version = call.query.version {
            guard let old = try await templates.template(id, version: version, for: call.caller.id) else {
                throw Problem(.notFound)
            }
            return Answer(old)
        }
        guard let found = try await templates.template(id, for: call.caller.id) else { throw Problem(.notFound) }
        return answer(found)
    }

    private func change(_ call: Call<SignedInUser, NoQuery, TemplateChange>) async throws -> Answer<Template> {
        answer(
            try await templates.change(
                try call.id("id"), call.body, by: editor(of: call), at: call.seed.at
            ) { tag in try call.checkMatch(tag) })
    }

    private func delete(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await templates.delete(try call.id("id"), by: editor(of: call), at: call.seed.at)
        return .done
    }

    private func versions(
        _ call: Call<SignedInUser, ListQuery<TemplateVersionOrder>, NoBody>
    ) async throws -> Answer<Page<TemplateVersion>> {
        Answer(try await templates.versions(of: try call.id("id"), for: editor(of: call), call.query.page))
    }

    private func addFavorite(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await marks.addFavorite(try call.id("id"), of: call.caller.id, at: call.seed.at)
        return .done
    }

    private func removeFavorite(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await marks.removeFavorite(try call.id("id"), of: call.caller.id)
        return .done
    }

    /// What an earlier try of the call has made. Throws `notFound` for what was deleted since.
    private func made<Body>(by call: Call<SignedInUser, NoQuery, Body>) async throws -> Answer<Template>? {
        guard call.seed.isRetry else { return nil }
        let id = call.seed.id("template")
        if let made = try await templates.template(id, for: call.caller.id) { return answer(made, isNew: true) }
        if try await templates.isDeleted(id) { throw Problem(.notFound) }
        return nil
    }

    private func duplicate(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Template> {
        if let made = try await made(by: call) { return made }
        guard let (original, _) = try await templates.template(try call.id("id"), for: call.caller.id) else {
            throw Problem(.notFound)
        }
        let values = TemplateValues(
            name: original.name, description: original.description, category: original.category,
            level: ExerciseLevel(rawValue: original.level) ?? .beginner, lengthWeeks: original.lengthWeeks,
            visibility: .private, weeks: original.weeks)
        let origin = TemplateOrigin(
            templateId: original.id, name: original.name, version: original.version,
            creatorName: original.creator?.displayName)
        return answer(
            try await templates.make(
                call.seed.id("template"), values, origin: origin, owner: call.caller.id, by: call.caller.id,
                at: call.seed.at),
            isNew: true)
    }

    private func rate(_ call: Call<SignedInUser, NoQuery, RatingInput>) async throws -> Answer<TemplateRating> {
        Answer(try await marks.rate(try call.id("id"), call.body.rating, by: call.caller.id, at: call.seed.at))
    }

    private func answer(_ found: (template: Template, tag: EntityTag), isNew: Bool = false) -> Answer<Template> {
        var answer = Answer(found.template, entityTag: found.tag)
        if isNew { answer.headers[.location] = "/v1/templates/\(found.template.id)" }
        return answer
    }

    private func editor<Query, Body>(of call: Call<SignedInUser, Query, Body>) -> Exercises.Editor {
        Exercises.Editor(user: call.caller.id, isAdmin: call.caller.identity.role == .admin)
    }
}

/// The order of `GET /v1/templates/:id/versions`.
enum TemplateVersionOrder: ListOrder {
    static let name = "templates:versions"
    static let keys: [Cursor.Key] = [.integer]
}

/// `?version=` of a template.
struct TemplateVersionQuery: RouteQuery {
    static let versionField = Field.optional("version", .integer(1...1_000_000), "The latest unless told.")
    static var parameters: [MemberSchema] { [versionField.schema] }
    let version: Int?

    init?(reading query: inout QueryReader) { version = query.optional(Self.versionField) }
}
