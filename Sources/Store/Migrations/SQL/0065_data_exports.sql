-- What a user has asked for of everything that is held on them; the file lies beside the database.
create table data_exports (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    status text not null default 'waiting' check (status in ('waiting', 'ready', 'failed')),
    created_at timestamptz not null,
    finished_at timestamptz,
    size_bytes bigint,
    -- Row and file are removed then.
    expires_at timestamptz not null,
    check ((status = 'waiting') = (finished_at is null)),
    check ((status = 'ready') = (size_bytes is not null))
);

-- One at a time for each user.
create unique index data_exports_waiting on data_exports (user_id) where status = 'waiting';
create index data_exports_of_user on data_exports (user_id, created_at desc);
create index data_exports_by_expiry on data_exports (expires_at);

-- Everything of one user, page by page: the indexes there were leave out what lists do not show.
create index workouts_by_user on workouts (user_id, id);
create index templates_by_owner on templates (owner, id) where owner is not null;
