import Store

extension Exercises {
    /// The user's own exercises, those they deleted too, and their ratings.
    static let exportParts = [
        ExportPart(
            "exercises", tables: ["exercises"],
            columns: [
                "id", "name", "description", "cues", "aliases", "media", "force", "level", "mechanic", "equipment",
                "category", "primary_muscles", "secondary_muscles", "body_weight_share", "rating_count", "rating_sum",
                "deleted_at", "created_at",
            ],
            omitted: [
                "owner", "slug", "familiarity", "version", "rating_rank", "recent_sets", "earlier_sets",
                "recent_athletes", "popularity", "shipped_body_weight_share",
            ], key: [.id("id")], rowsAtOnce: 200
        ) { user in "from exercises where owner = \(user)" },
        ExportPart(
            "exercise-ratings", tables: ["exercise_ratings"], columns: ["exercise_id", "rating", "rated_at"],
            omitted: ["user_id"], key: [.id("exercise_id")]
        ) { user in "from exercise_ratings where user_id = \(user)" },
    ]
}
