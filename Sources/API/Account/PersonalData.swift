import Protocol
import Store

/// All that is held on users, put together from the features that hold it.
enum PersonalData {
    /// What an export holds, in its order.
    static let exportParts =
        Users.exportParts + Avatars.exportParts + AuthRoutes.exportParts + Relations.exportParts
        + WorkoutHistory.exportParts
        + Exercises.exportParts + Templates.exportParts + Goals.exportParts + BodyMeasurements.exportParts
        + PlateRacks.exportParts + IdempotencyKeys.exportParts + DataExports.exportParts + ImportStore.exportParts

    /// Tables that no export holds, each with the reason; a test finds a table that stands in neither list.
    static let notExported = [
        "refresh_tokens": "hashes of secrets; the sessions they renew are exported",
        "sent_mails": "how many mails an address got within the hour; the address is a hash, and no account is named",
        "recovery_codes": "hashes of secrets that stand in for the second factor, which is exported",
        "workout_import_parts": "a file of the user's own while it is imported, gone when that is done",
        "training_changes": "a mark that goals are to be reckoned anew, gone within a minute",
        "jobs": "work under way, gone when done; what it concerns is exported",
        "dead_jobs": "work that failed, for an operator to look at; names things by their ids",
        "job_schedules": "when work comes again; the preference it follows is exported",
        "exercise_use_counted": "one row about the whole server",
        "schema_migrations": "about the database, not about people",
    ]

    /// What is done when an account is erased before its own row goes; whatever refers to that row goes with it.
    static func erasureParts(pool: PostgresPool, exports: DataExports, avatars: Avatars) -> [ErasurePart] {
        [
            ErasurePart(name: "exports", erase: exports.erase),
            ErasurePart(name: "avatars", erase: avatars.erase),
            ErasurePart(name: "workouts", erase: WorkoutHistory(pool: pool).erase),
            ErasurePart(name: "templates", erase: Templates(pool: pool).erase),
        ]
    }
}
