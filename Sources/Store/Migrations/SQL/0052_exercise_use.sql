-- What the use of exercises is counted from. Sets come roughly in the order of their time, which a small index serves.
create index workout_sets_by_time on workout_sets using brin (logged_at) with (pages_per_range = 32, autosummarize = on);
create index workout_exercises_by_exercise on workout_exercises (exercise_id, workout_id desc)
    where exercise_id is not null;

-- One row: when the use of exercises was counted last.
create table exercise_use_counted (
    id boolean primary key check (id),
    at timestamptz not null
);
