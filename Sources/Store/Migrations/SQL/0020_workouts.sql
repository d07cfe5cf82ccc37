-- Workouts: one row each, whose (epoch, seq) is the head of its history, and the history itself.

create table workouts (
    id uuid primary key,
    user_id uuid not null references users (id),
    -- Fence: raised by every opening of the room; a batch advances seq only under its own epoch.
    epoch bigint not null default 1,
    seq bigint not null default 0,
    status text not null default 'new'
        check (status in ('new', 'planned', 'active', 'paused', 'completed', 'abandoned', 'deleted')),
    name text,
    visibility text check (visibility in ('private', 'friends', 'public')),
    planned_for date,
    started_at timestamptz,
    ended_at timestamptz,
    last_at timestamptz,
    rpe_tenths smallint,
    -- Σ weight × repetitions of working sets, in gram-repetitions.
    tonnage bigint not null default 0,
    working_sets integer not null default 0,
    working_ms bigint not null default 0,
    resting_ms bigint not null default 0,
    -- The athlete lets nobody watch this one.
    is_closed boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
) with (fillfactor = 70);
-- A workout's row changes with every batch of its events: no index may hold what then changes, so that the new version
-- finds its place in the same page.
create index workouts_of_user on workouts (user_id, id desc) where status not in ('new', 'deleted');
create index workouts_started on workouts (user_id, started_at desc, id desc) where status not in ('new', 'deleted');
create index workouts_open on workouts (id) where status in ('active', 'paused');

-- No foreign key to workouts: the head that the same transaction advanced guards every row.
create table workout_events (
    workout_id uuid not null,
    seq bigint not null,
    epoch bigint not null,
    op_id uuid not null,
    fingerprint bigint not null,
    received_at timestamptz not null,
    body json not null,
    primary key (workout_id, seq),
    constraint workout_events_op unique (workout_id, op_id)
);

-- What stands in a workout now, derived from its events in the same transaction; ids are unique within their workout.
create table workout_exercises (
    workout_id uuid not null,
    id uuid not null,
    exercise_id uuid,
    name text not null,
    position integer not null,
    superset_group integer,
    rest_ms bigint,
    primary key (workout_id, id)
);

create table workout_sets (
    workout_id uuid not null,
    id uuid not null,
    entry_id uuid not null,
    user_id uuid not null,
    exercise_id uuid,
    type text not null,
    weight_g bigint,
    reps integer,
    rpe_tenths smallint,
    rir smallint,
    duration_ms bigint,
    distance_mm bigint,
    side text,
    logged_at timestamptz not null,
    primary key (workout_id, id)
);
create index workout_sets_of_exercise on workout_sets (user_id, exercise_id) include (weight_g, reps, type);

create table workout_heart_rate (
    workout_id uuid not null,
    at timestamptz not null,
    bpm smallint not null,
    primary key (workout_id, at)
);

-- Watchers that the athlete removed from one workout.
create table workout_removed_watchers (
    workout_id uuid not null references workouts (id),
    user_id uuid not null references users (id),
    primary key (workout_id, user_id)
);

-- Ops that Postgres refused although they were validated: our mistakes, kept with their reason.
create table dead_letters (
    id bigint generated always as identity primary key,
    workout_id uuid not null,
    user_id uuid not null,
    op_id uuid not null,
    epoch bigint not null,
    seq bigint not null,
    op bytea not null,
    reason text not null,
    created_at timestamptz not null default now(),
    retry_requested_at timestamptz,
    resolved_at timestamptz
);
