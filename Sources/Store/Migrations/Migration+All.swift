extension Migration {
    /// Every migration, in order. A file is added here once, by the name SwiftPM gives to its bytes (the first digit
    /// becomes `_`), and never changed or removed afterwards; a test holds this list against the folder.
    package static let all: [Migration] = [
        Migration("0001_users", PackageResources._001_users_sql),
        Migration("0002_sessions", PackageResources._002_sessions_sql),
        Migration("0003_idempotency_keys", PackageResources._003_idempotency_keys_sql),
        Migration("0004_relations", PackageResources._004_relations_sql),
        Migration("0010_exercises", PackageResources._010_exercises_sql),
        Migration("0020_workouts", PackageResources._020_workouts_sql),
        Migration("0030_jobs", PackageResources._030_jobs_sql),
        Migration("0031_account_mail", PackageResources._031_account_mail_sql),
        Migration("0032_sign_in_identities", PackageResources._032_sign_in_identities_sql),
        Migration("0040_progress", PackageResources._040_progress_sql),
        Migration("0041_goals", PackageResources._041_goals_sql),
        Migration("0050_exercise_guides", PackageResources._050_exercise_guides_sql),
        Migration("0051_exercise_ratings", PackageResources._051_exercise_ratings_sql),
        Migration("0052_exercise_use", PackageResources._052_exercise_use_sql),
        Migration("0053_templates", PackageResources._053_templates_sql),
        Migration("0060_preferences", PackageResources._060_preferences_sql),
        Migration("0061_people", PackageResources._061_people_sql),
        Migration("0062_avatars", PackageResources._062_avatars_sql),
        Migration("0065_data_exports", PackageResources._065_data_exports_sql),
        Migration("0066_account_deletion", PackageResources._066_account_deletion_sql),
        Migration("0070_imports", PackageResources._070_imports_sql),
        Migration("0075_training_changes_by_time", PackageResources._075_training_changes_by_time_sql),
        Migration("0080_body_weight", PackageResources._080_body_weight_sql),
        Migration("0081_plate_racks", PackageResources._081_plate_racks_sql),
        Migration("0082_milestone_notices", PackageResources._082_milestone_notices_sql),
        Migration("0085_refuse", PackageResources._085_refuse_sql),
        Migration(
            "0095_body_weight_shares_as_shipped", PackageResources._095_body_weight_shares_as_shipped_sql),
        Migration("0096_templates_for_friends", PackageResources._096_templates_for_friends_sql),
        Migration("0100_loaded_entries", PackageResources._100_loaded_entries_sql),
        Migration("0170_unreadable_letters", PackageResources._170_unreadable_letters_sql),
    ]
}
