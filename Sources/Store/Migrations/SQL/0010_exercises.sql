create table exercises (
    id uuid primary key,
    -- Null for the library.
    owner uuid references users on delete cascade,
    -- The source's name of a library exercise; its id is derived from it.
    slug text,
    name text not null check (char_length(name) between 1 and 120),
    force text check (force in ('push', 'pull', 'static')),
    level text not null check (level in ('beginner', 'intermediate', 'expert')),
    mechanic text check (mechanic in ('compound', 'isolation')),
    equipment text,
    category text not null,
    primary_muscles text[] not null,
    secondary_muscles text[] not null,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    check ((owner is null) = (slug is not null))
);

create unique index exercises_slug_key on exercises (slug);
create index exercises_by_name on exercises (lower(name), id) where deleted_at is null;
create index exercises_of_owner on exercises (owner) where owner is not null;
create index exercises_by_muscle on exercises using gin (primary_muscles);
