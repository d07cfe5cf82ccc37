alter table exercises
    add column description text check (char_length(description) between 1 and 2000),
    add column cues text[] not null default '{}',
    -- Further names that a search finds it by.
    add column aliases text[] not null default '{}',
    -- Addresses of pictures and films elsewhere.
    add column media text[] not null default '{}',
    -- Place among the best known movements, from 1; null for all others.
    add column familiarity integer,
    -- Counts the changes of what a client can change, for entity tags and for caches.
    add column version bigint not null default 1,
    add column rating_count integer not null default 0,
    add column rating_sum integer not null default 0,
    -- The average in millionths, 0 without ratings; a list's order.
    add column rating_rank bigint not null generated always as
        (case when rating_count = 0 then 0 else rating_sum::bigint * 1000000 / rating_count end) stored,
    -- All athletes' sets of the last 30 days, of the 30 before, and those athletes; brought up to date regularly.
    add column recent_sets bigint not null default 0,
    add column earlier_sets bigint not null default 0,
    add column recent_athletes bigint not null default 0,
    -- A list's order: recent sets, and among equals the better known first.
    add column popularity bigint not null generated always as
        (recent_sets * 1000 + case when familiarity is null then 0 else greatest(0, 1000 - familiarity) end) stored;

create index exercises_of_library on exercises (id) where owner is null;
