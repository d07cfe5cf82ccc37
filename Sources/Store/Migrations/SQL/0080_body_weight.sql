-- Body-weight movements lift a share of the body: the exercise knows which, and each entry of a workout what that was in
-- grams when it was added.
alter table exercises
    add column body_weight_share double precision check (body_weight_share between 0 and 1);

alter table workout_exercises
    add column body_load_g bigint;

-- Progress looks up a set's entry beside it: the index that it reads sets from holds the entry's id from now on too.
create index workout_sets_of_movement_and_entry on workout_sets (user_id, exercise_id)
    include (workout_id, id, entry_id, logged_at, type, weight_g, reps, duration_ms, distance_mm);
drop index workout_sets_of_movement;
alter index workout_sets_of_movement_and_entry rename to workout_sets_of_movement;
