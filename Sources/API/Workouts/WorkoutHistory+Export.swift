import Store

extension WorkoutHistory {
    /// Workouts as they stand, everything in them, and every event they came from; deleted ones as far as they are kept.
    static let exportParts = [
        ExportPart(
            "workouts", tables: ["workouts"],
            columns: [
                "id", "status", "name", "visibility", "planned_for", "started_at", "ended_at", "last_at",
                ExportColumn("rpe", "rpe_tenths / 10.0"), ExportColumn("tonnageKg", "tonnage / 1000.0"),
                "working_sets", ExportColumn("workingSeconds", "working_ms / 1000.0"),
                ExportColumn("restingSeconds", "resting_ms / 1000.0"), "is_closed", "created_at", "updated_at",
            ],
            omitted: ["user_id", "epoch", "seq"], key: [.id("id")]
        ) { user in "from workouts where user_id = \(user)" },
        ofWorkouts(
            "workout-exercises", "workout_exercises",
            columns: [
                "c.workout_id", "c.id", "c.exercise_id", "c.name", "c.position", "c.superset_group",
                ExportColumn("restSeconds", "c.rest_ms / 1000.0"),
                ExportColumn("bodyLoadKg", "c.body_load_g / 1000.0"),
            ], key: .id("c.id")),
        ofWorkouts(
            "workout-sets", "workout_sets",
            columns: [
                "c.workout_id", "c.id", "c.entry_id", "c.exercise_id", "c.type",
                ExportColumn("weightKg", "c.weight_g / 1000.0"), "c.reps", ExportColumn("rpe", "c.rpe_tenths / 10.0"),
                "c.rir", ExportColumn("durationSeconds", "c.duration_ms / 1000.0"),
                ExportColumn("distanceMeters", "c.distance_mm / 1000.0"), "c.side", "c.logged_at",
            ], omitted: ["user_id"], key: .id("c.id")),
        ofWorkouts(
            "workout-events", "workout_events",
            columns: ["c.workout_id", "c.seq", "c.op_id", "c.received_at", "c.body"],
            omitted: ["epoch", "fingerprint"], key: .integer("c.seq")),
        ofWorkouts(
            "workout-heart-rate", "workout_heart_rate",
            columns: [
                "c.workout_id", "c.at", "c.bpm",
                ExportColumn("rrMilliseconds", "array_to_string(c.rr, ' ')"),
            ], key: .time("c.at")),
        ofWorkouts(
            "workout-removed-watchers", "workout_removed_watchers", columns: ["c.workout_id", "c.user_id"],
            key: .id("c.user_id")),
        ofWorkouts(
            "workout-muted-watchers", "workout_muted_watchers", columns: ["c.workout_id", "c.user_id"],
            key: .id("c.user_id")),
        ofWorkouts("workout-bases", "workout_bases", columns: ["c.workout_id", "c.state"], key: .id("c.workout_id")),
        ExportPart(
            "workout-plans", tables: ["workout_plans"],
            columns: ["workout_id", "template_id", "template_version", "week", "day", "entries", "created_at"],
            omitted: ["user_id"], key: [.id("workout_id")], rowsAtOnce: 100
        ) { user in "from workout_plans where user_id = \(user)" },
        ExportPart(
            "workout-ops-refused", tables: ["dead_letters"],
            columns: [
                "id", "workout_id", "op_id", ExportColumn("op", "convert_from(op, 'UTF8')"), "reason", "created_at",
                "resolved_at",
            ],
            omitted: ["user_id", "epoch", "seq", "retry_requested_at"], key: [.integer("id")], rowsAtOnce: 200
        ) { user in "from dead_letters where user_id = \(user)" },
    ]

    /// A table `c` below the user's workouts, in the order of those.
    private static func ofWorkouts(
        _ name: String, _ table: StaticString, columns: [ExportColumn], omitted: [String] = [], key: ExportKey
    ) -> ExportPart {
        ExportPart(
            name, tables: [table.description], columns: columns, omitted: omitted, key: [.id("w.id"), key]
        ) { user in
            "from workouts w join \(raw: table) c on c.workout_id = w.id where w.user_id = \(user)"
        }
    }
}
