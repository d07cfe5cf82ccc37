import Protocol
import Store

/// What finds exercises under `/v1/exercises`: search, filters, figures and proposals.
struct ExerciseDiscoveryRoutes: Sendable {
    let exercises: Exercises
    let library: ExerciseLibrary
    let use: ExerciseUse
    let now: @Sendable () -> Timestamp

    func declare(on routes: inout RouteTable) {
        routes.post(
            "/v1/exercises/search", "Searches exercises, best first, with facet counts", RouteOptions(), use: search)
        routes.get(
            "/v1/exercises/filters", "The values that exercises have, with counts",
            RouteOptions(caching: .revalidated), use: filters)
        routes.get("/v1/exercises/stats", "Figures on the library and its use", use: stats)
        routes.get("/v1/exercises/popular", "The most trained exercises of the last 30 days", use: popular)
        routes.get("/v1/exercises/recommended", "Exercises for the caller, each with its reason", use: recommended)
        routes.get("/v1/exercises/:id/similar", "Exercises that can stand in for one, with reasons", use: similar)
    }

    private func search(
        _ call: Call<SignedInUser, ListQuery<ExerciseSearchOrder>, ExerciseSearch>
    ) async throws -> Answer<ExerciseSearchPage> {
        let (body, page) = (call.body, call.query.page)
        let hits = try await library.index(for: call.caller.id).search(body.text)
        let (facets, fitting) = ExerciseFacets.count(hits.map(\.document), chosen: body.chosen)
        let chosen = hits.filter { fitting.contains($0.document.id) }
        var rest = chosen[...]
        if let after = page.after {
            let (score, name, id) = (try after.integer(0), after.values[1], try after.id(2))
            // Higher scores come first, names and ids in their own order.
            rest = rest.drop { hit in
                hit.score > score
                    || hit.score == score && (hit.document.name, hit.document.id) <= (name, id)
            }
        }
        let rows = Array(rest.prefix(page.rowsToRead))
        let shown = try await exercises.exercises(rows.map(\.document.id), for: call.caller.id)
        let cut = page.page(
            of: rows,
            cursor: { Cursor(after: String($0.score), $0.document.name, $0.document.id.description) },
            item: { $0.document.id })
        let items = zip(cut.items, rows).compactMap { id, hit in
            shown[id].map { ExerciseHit(exercise: $0, score: hit.score) }
        }
        return Answer(
            ExerciseSearchPage(items: items, nextCursor: cut.nextCursor, total: chosen.count, facets: facets))
    }

    private func filters(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<ExerciseFacets> {
        Answer(ExerciseFacets.count(try await library.index(for: call.caller.id).documents).facets)
    }

    private func stats(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<ExerciseStats> {
        try await use.refresh(at: now())
        return Answer(try await use.stats(for: call.caller.id))
    }

    private func popular(_ call: Call<SignedInUser, ShortList, NoBody>) async throws -> Answer<Listed<ExerciseTrend>> {
        try await use.refresh(at: now())
        return Answer(Listed(items: try await use.popular(for: call.caller.id, limit: call.query.limit)))
    }

    private func recommended(
        _ call: Call<SignedInUser, ShortList, NoBody>
    ) async throws -> Answer<Listed<ExerciseSuggestion>> {
        let suggestions = ExerciseSuggestions(library: library, workouts: use.workouts)
        let proposals = try await suggestions.proposals(for: call.caller.id, limit: call.query.limit, at: now())
        let shown = try await exercises.exercises(proposals.map(\.exercise), for: call.caller.id)
        return Answer(
            Listed(
                items: proposals.compactMap { proposal in
                    shown[proposal.exercise].map { ExerciseSuggestion(exercise: $0, reasons: [proposal.reason]) }
                }))
    }

    private func similar(
        _ call: Call<SignedInUser, ShortList, NoBody>
    ) async throws -> Answer<Listed<ExerciseSuggestion>> {
        let id = try call.id("id")
        let index = try await library.index(for: call.caller.id)
        guard let exercise = index[id] else { throw Problem(.notFound) }
        let companions = try await use.workouts.companions(of: id, limit: 50)
        let matches = SimilarExercises.of(exercise, in: index, companions: companions, limit: call.query.limit)
        let shown = try await exercises.exercises(matches.map(\.exercise), for: call.caller.id)
        return Answer(
            Listed(
                items: matches.compactMap { match in
                    shown[match.exercise].map { ExerciseSuggestion(exercise: $0, reasons: match.reasons) }
                }))
    }
}

/// The order of search results.
enum ExerciseSearchOrder: ListOrder {
    static let name = "exercises:search"
    static let keys: [Cursor.Key] = [.integer, .text, .id]
}

/// `limit` of a list that has one page only.
struct ShortList: RouteQuery {
    static let limitField = Field.optional("limit", .integer(1...50), "How many; 10 unless told.")
    static var parameters: [MemberSchema] { [limitField.schema] }
    let limit: Int

    init?(reading query: inout QueryReader) { limit = query.optional(Self.limitField) ?? 10 }
}
