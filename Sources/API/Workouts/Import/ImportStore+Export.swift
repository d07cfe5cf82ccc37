import Store

extension ImportStore {
    /// What was imported, and which workouts came of it; of an import under way also its file.
    static let exportParts = [
        ExportPart(
            "workout-imports", tables: ["workout_imports"],
            columns: [
                "id", "status", "options", "size_bytes", "done_bytes", "report", "failure", "created_at", "finished_at",
            ], omitted: ["user_id"], key: [.id("id")], rowsAtOnce: 10
        ) { user in "from workout_imports where user_id = \(user)" },
        ExportPart(
            "workout-sources", tables: ["workout_sources"], columns: ["workout_id", "import_id"],
            omitted: ["user_id", "source_key", "content_hash"], key: [.id("workout_id")]
        ) { user in "from workout_sources where user_id = \(user)" },
    ]
}
