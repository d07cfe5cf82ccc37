-- An account on its way out: hidden at once, kept for a time in which signing in brings it back, then erased.
alter table users drop constraint users_status_check;
alter table users add constraint users_status_check check (status in ('active', 'suspended', 'leaving', 'erasing'));
alter table users
    add column deletion_requested_at timestamptz,
    add column deletion_due_at timestamptz,
    add constraint users_deletion_check
        check ((status in ('leaving', 'erasing')) = (deletion_due_at is not null)
            and (deletion_requested_at is null) = (deletion_due_at is null));

-- What an erasure looks for.
create index templates_of_origin on templates (origin) where origin is not null;
create index goals_of_exercise on goals (exercise_id) where exercise_id is not null;
create index workout_removed_watchers_of_user on workout_removed_watchers (user_id);
