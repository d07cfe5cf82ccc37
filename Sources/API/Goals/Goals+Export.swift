import Store

extension Goals {
    /// Goals and the milestones that were reached on the way.
    static let exportParts = [
        ExportPart(
            "goals", tables: ["goals"],
            columns: [
                "id", "kind", "title", "exercise_id", "metric", "days_per_week", "starts_on", "due_on", "start_value",
                "target", "status", "is_achieved", "completed_at", "created_at",
            ],
            omitted: ["user_id", "version"], key: [.id("id")]
        ) { user in "from goals where user_id = \(user)" },
        ExportPart(
            "goal-milestones", tables: ["goal_milestones"],
            columns: ["goal_id", "percent", "reached_at", "value", "noticed_at", "seen_at"],
            omitted: ["user_id", "notice_id"],
            key: [.id("goal_id"), .integer("percent")]
        ) { user in "from goal_milestones where user_id = \(user)" },
    ]
}
