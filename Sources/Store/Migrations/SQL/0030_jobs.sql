-- Work that is done beside the requests: mails, exports, reports. A finished job is removed.
create table jobs (
    id uuid primary key,
    kind text not null check (char_length(kind) between 1 and 80),
    -- Jobs of one kind with one key are one job as long as it waits or runs.
    key text check (char_length(key) between 1 and 300),
    payload jsonb not null,
    -- 0 before 1 before 2.
    priority smallint not null check (priority between 0 and 2),
    -- When it may run; while a worker has it, when its lease ends.
    run_at timestamptz not null,
    attempts integer not null default 0,
    most_attempts integer not null check (most_attempts between 1 and 100),
    -- Of the worker's claim that has it; null while it waits.
    lease uuid,
    last_error text,
    created_at timestamptz not null
);

create index jobs_ready on jobs (priority, run_at, id);
create unique index jobs_by_key on jobs (kind, key) where key is not null;

-- Jobs that failed too often or can never succeed, kept for a person to look at.
create table dead_jobs (
    id uuid primary key,
    kind text not null,
    key text,
    payload jsonb not null,
    priority smallint not null,
    attempts integer not null,
    most_attempts integer not null,
    last_error text not null,
    created_at timestamptz not null,
    died_at timestamptz not null
);

create index dead_jobs_by_time on dead_jobs (died_at);

-- Jobs that come again at a local time.
create table job_schedules (
    kind text not null check (char_length(kind) between 1 and 80),
    key text not null check (char_length(key) between 1 and 300),
    payload jsonb not null,
    priority smallint not null check (priority between 0 and 2),
    most_attempts integer not null check (most_attempts between 1 and 100),
    recurrence jsonb not null,
    time_zone text not null,
    next_at timestamptz not null,
    primary key (kind, key)
);

create index job_schedules_by_time on job_schedules (next_at);
