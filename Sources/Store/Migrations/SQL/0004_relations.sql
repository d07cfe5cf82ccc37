-- One row a pair, the smaller id first.
create table friendships (
    low uuid not null references users on delete cascade,
    high uuid not null references users on delete cascade,
    state text not null check (state in ('requested', 'friends', 'declined')),
    -- Who asked; on `declined` who was declined.
    requested_by uuid not null,
    requested_at timestamptz not null,
    -- Since when the state holds.
    changed_at timestamptz not null,
    primary key (low, high),
    check (low < high),
    check (requested_by in (low, high))
);

create index friendships_of_high on friendships (high);

create table blocks (
    blocker uuid not null references users on delete cascade,
    blocked uuid not null references users on delete cascade,
    blocked_at timestamptz not null,
    primary key (blocker, blocked),
    check (blocker <> blocked)
);

create index blocks_of_blocked on blocks (blocked);
