-- Watchers whose cheers the athlete silenced in one workout.
create table workout_muted_watchers (
    workout_id uuid not null references workouts (id),
    user_id uuid not null references users (id),
    primary key (workout_id, user_id)
);
create index workout_muted_watchers_of_user on workout_muted_watchers (user_id);
