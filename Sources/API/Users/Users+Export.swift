import Store

extension Users {
    /// The user's own row: profile and preferences.
    static let exportParts = [
        ExportPart(
            "profile", tables: ["users"],
            columns: [
                "id", "username", "email", ExportColumn("hasPassword", "password_hash is not null"), "display_name",
                "bio", "birth_date", "sex", "height_cm", "experience", "training_goals", "gym", "unit", "time_zone",
                "week_start", "avatar_id", "role", "status", "verified_at", "live_audience", "heart_rate_audience",
                "profile_audience", "workouts_audience", "boards_audience",
                "achievements_audience", "shares_achievements", "is_discoverable", "notifications_muted",
                "notifications_mailed", "quiet_from", "quiet_to", "reminders_on", "reminder_minute", "reminder_days",
                "created_at",
                "deletion_requested_at", "deletion_due_at", "devices_known_since", "standing_changed_at",
            ],
            omitted: ["version", "search_name", "template_bytes"], key: [.id("id")]
        ) { user in "from users where id = \(user)" }
    ]
}
