-- The newest reports of a user are kept.
create index workout_imports_of_user on workout_imports (user_id, created_at desc, id desc);
