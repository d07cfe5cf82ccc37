alter table users add column week_start text not null default 'monday'
    check (week_start in ('monday', 'saturday', 'sunday'));

-- What a body measured at one time; its values are rows of their own, so that each metric is a series with an index.
create table body_measurements (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    measured_at timestamptz not null,
    note text check (char_length(note) <= 500),
    -- Counts the changes, for entity tags.
    version bigint not null default 1,
    created_at timestamptz not null
);

create index body_measurements_of_user on body_measurements (user_id, measured_at desc, id desc);

create table body_values (
    measurement_id uuid not null references body_measurements on delete cascade,
    user_id uuid not null references users on delete cascade,
    metric text not null,
    measured_at timestamptz not null,
    value double precision not null,
    primary key (measurement_id, metric)
);

create index body_values_of_user on body_values (user_id, metric, measured_at desc);

-- Progress reads an exercise's sets with all their values: the index that live records use holds them from now on too.
create index workout_sets_of_movement on workout_sets (user_id, exercise_id)
    include (workout_id, id, logged_at, type, weight_g, reps, duration_ms, distance_mm);
drop index workout_sets_of_exercise;

-- Athletes whose workouts or measurements changed since their goals were last reckoned; noted with the change itself.
create table training_changes (
    user_id uuid primary key references users on delete cascade,
    changed_at timestamptz not null
);
