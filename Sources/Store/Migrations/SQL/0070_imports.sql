-- The state that a workout's history begins from at seq 0, for workouts that were not lifted here.
create table workout_bases (
    workout_id uuid primary key references workouts on delete cascade,
    state json not null
);

-- Which workout of a log from elsewhere has become which workout here.
create table workout_sources (
    user_id uuid not null references users on delete cascade,
    -- Hash of the app, the local start and the title.
    source_key bytea not null,
    workout_id uuid not null references workouts on delete cascade,
    -- Hash of the sets that the log told.
    content_hash bytea not null,
    -- The import that made or last changed it.
    import_id uuid not null,
    primary key (user_id, source_key)
);

create index workout_sources_of_workout on workout_sources (workout_id);

create table workout_imports (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    status text not null check (status in ('queued', 'running', 'completed', 'failed')),
    -- What the caller chose, as the job needs it.
    options jsonb not null,
    size_bytes bigint not null,
    done_bytes bigint not null default 0,
    report jsonb not null,
    failure text,
    created_at timestamptz not null,
    finished_at timestamptz
);

create index workout_imports_open on workout_imports (user_id) where status in ('queued', 'running');
create index workout_imports_by_age on workout_imports (created_at);

-- The file of an import that a job works on, until it has.
create table workout_import_parts (
    import_id uuid not null references workout_imports on delete cascade,
    place integer not null,
    bytes bytea not null,
    primary key (import_id, place)
);
-- Written once and read once: packing it would cost more than it saves.
alter table workout_import_parts alter column bytes set storage external;
