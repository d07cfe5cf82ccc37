create table goals (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    kind text not null check (kind in ('strength', 'body', 'consistency', 'volume')),
    title text not null check (char_length(title) between 1 and 100),
    exercise_id uuid references exercises,
    metric text,
    days_per_week integer check (days_per_week between 1 and 7),
    starts_on date not null,
    due_on date check (due_on >= starts_on),
    -- Null for a body that was not measured when the goal was set.
    start_value double precision,
    target double precision not null,
    status text not null default 'active' check (status in ('active', 'completed')),
    is_achieved boolean not null default false,
    completed_at timestamptz,
    -- Counts the changes, for entity tags.
    version bigint not null default 1,
    created_at timestamptz not null,
    check ((kind = 'strength') = (exercise_id is not null)),
    check ((kind = 'body') = (metric is not null)),
    check ((kind = 'consistency') = (days_per_week is not null)),
    check ((status = 'active') = (completed_at is null))
);

create index goals_of_user on goals (user_id, created_at desc, id desc);
create index goals_active on goals (user_id) where status = 'active';

-- The notice of each quarter of the way: the key keeps it to one for ever, whoever reckons and however often.
create table goal_milestones (
    goal_id uuid not null references goals on delete cascade,
    percent integer not null check (percent in (25, 50, 75, 100)),
    user_id uuid not null references users on delete cascade,
    reached_at timestamptz not null,
    value double precision not null,
    noticed_at timestamptz not null,
    primary key (goal_id, percent)
);

create index goal_milestones_of_user on goal_milestones (user_id, noticed_at desc);
