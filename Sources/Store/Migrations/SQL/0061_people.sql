-- Finding people: by their names, whatever the spelling, and by what they share.

-- The extension is Postgres's own and trusted: who owns the database may create it. Where that is not so, it says what
-- has to be done.
do $$
begin
    if not exists (select from pg_extension where extname = 'pg_trgm') then
        create extension pg_trgm;
    end if;
exception
    when insufficient_privilege then
        raise exception 'this role may not create the extension pg_trgm, which the search for people needs: have an administrator run CREATE EXTENSION pg_trgm in this database'
            using errcode = 'insufficient_privilege';
    when undefined_file or feature_not_supported then
        raise exception 'the search for people needs the extension pg_trgm: install the contrib modules of this Postgres'
            using errcode = 'feature_not_supported';
end
$$;

-- As it is compared: one form of each letter, in lower case, without accents.
alter table users add column search_name text not null generated always as
    (regexp_replace(lower(normalize(display_name, nfkd)), E'[\u0300-\u036F]', '', 'g')) stored;

create index users_by_words on users using gin (username gin_trgm_ops, search_name gin_trgm_ops);
create index users_by_gym on users (lower(gym), id desc) where gym is not null;

-- When somebody was here last, ended sessions included.
create index sessions_by_user on sessions (user_id);
