import Store

extension Templates {
    /// The user's templates with their versions, deleted ones too, favourites and ratings.
    static let exportParts = [
        ExportPart(
            "templates", tables: ["templates"],
            columns: [
                "id", "name", "description", "category", "level", "length_weeks", "days_per_week", "equipment",
                "visibility", "weeks", "version", "featured_at", "origin", "origin_name", "origin_version",
                "origin_creator", "uses", "rating_count", "rating_sum", "created_at", "changed_at", "deleted_at",
            ],
            omitted: ["owner", "slug", "rating_rank", "words"], key: [.id("id")], rowsAtOnce: 10
        ) { user in "from templates where owner = \(user)" },
        ExportPart(
            "template-versions", tables: ["template_versions"],
            columns: [
                "v.template_id", "v.version", "v.name", "v.description", "v.category", "v.level", "v.length_weeks",
                "v.days_per_week", "v.equipment", "v.weeks", "v.created_at",
            ], key: [.id("t.id"), .integer("v.version")], rowsAtOnce: 10
        ) { user in "from templates t join template_versions v on v.template_id = t.id where t.owner = \(user)" },
        ExportPart(
            "template-favorites", tables: ["template_favorites"], columns: ["template_id", "added_at"],
            omitted: ["user_id"], key: [.id("template_id")]
        ) { user in "from template_favorites where user_id = \(user)" },
        ExportPart(
            "template-ratings", tables: ["template_ratings"], columns: ["template_id", "rating", "rated_at"],
            omitted: ["user_id"], key: [.id("template_id")]
        ) { user in "from template_ratings where user_id = \(user)" },
    ]
}
