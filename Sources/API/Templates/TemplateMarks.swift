import Protocol
import Store

/// What users leave on templates: favourites and ratings.
struct TemplateMarks: Sendable {
    let templates: Templates

    /// Adds a favourite; again changes nothing.
    func addFavorite(_ id: TemplateID, of user: UserID, at time: Timestamp) async throws {
        guard try await templates.template(id, for: user) != nil else { throw Problem(.notFound) }
        try await templates.pool.execute(
            """
            insert into template_favorites (template_id, user_id, added_at) values (\(id), \(user), \(time))
            on conflict do nothing
            """)
    }

    /// Removes a favourite, also of a template that is seen no more; again changes nothing.
    func removeFavorite(_ id: TemplateID, of user: UserID) async throws {
        let removed = try await templates.pool.execute(
            "delete from template_favorites where template_id = \(id) and user_id = \(user)")
        if removed == 0, try await templates.template(id, for: user) == nil { throw Problem(.notFound) }
    }

    /// Rates a template, or changes the rating.
    ///
    /// - Throws: `notFound`; `forbidden` for one's own, and unless the user has completed a workout made from it.
    func rate(_ id: TemplateID, _ rating: Int, by user: UserID, at time: Timestamp) async throws -> TemplateRating {
        guard let (template, _) = try await templates.template(id, for: user) else { throw Problem(.notFound) }
        guard !template.isOwn else { throw Problem(.forbidden, detail: "One's own templates are not rated.") }
        guard try await templates.plans.hasTrained(id, user) else {
            throw Problem(.forbidden, detail: "Only those who completed a workout of the template rate it.")
        }
        return try await templates.pool.transaction(attempts: 3) { connection in
            try connection.execute(
                """
                insert into template_ratings (template_id, user_id, rating, rated_at)
                values (\(id), \(user), \(rating), \(time))
                on conflict (template_id, user_id) do update set rating = excluded.rating, rated_at = excluded.rated_at
                """)
            let totals = try connection.first(
                "select rating_sum, rating_count from templates where id = \(id)", as: (Int, Int).self)
            guard let (sum, count) = totals, let average = ExerciseRatings.average(sum: sum, count: count) else {
                throw Problem(.notFound)
            }
            return TemplateRating(rating: rating, averageRating: average, ratingCount: count)
        }
    }
}
