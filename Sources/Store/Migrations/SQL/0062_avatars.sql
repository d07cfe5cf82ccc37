-- Pictures of users. The files lie elsewhere, named by the id: the row comes before the first and goes after the last.
create table avatars (
    id uuid primary key,
    -- Null when the user is gone.
    user_id uuid references users on delete set null,
    state text not null check (state in ('pending', 'current', 'retired')),
    created_at timestamptz not null
);

create index avatars_of_user on avatars (user_id);
create index avatars_to_remove on avatars (created_at) where state <> 'current' or user_id is null;

-- The one that is current; written with the state of both.
alter table users add column avatar_id uuid;
