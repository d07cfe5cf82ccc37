-- Whoever ends a session, and by whatever clock, the database's own says when: by it alone nodes tell what is news.
alter table sessions add column ended_at timestamptz;
update sessions set ended_at = clock_timestamp() where revoked_at > clock_timestamp() - interval '1 hour';
create index sessions_ended on sessions (ended_at) where ended_at is not null;

create function note_session_end() returns trigger language plpgsql as $$
begin
    new.ended_at := clock_timestamp();
    return new;
end
$$;

create trigger sessions_note_end before insert or update of revoked_at on sessions
    for each row when (new.revoked_at is not null) execute function note_session_end();
