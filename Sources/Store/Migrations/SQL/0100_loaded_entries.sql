-- Which exercises have entries that lift a share of the body: the sets of all others are reckoned without looking at their
-- entries.
create index workout_exercises_loaded on workout_exercises (exercise_id) where body_load_g is not null;
