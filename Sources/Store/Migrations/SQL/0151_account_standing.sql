-- Whoever changes an account's status, every node hears of it: rooms and sockets follow within a second, and a suspension
-- ends all sessions in the same transaction.
alter table users add column standing_changed_at timestamptz;
create index users_standing_changed on users (standing_changed_at) where standing_changed_at is not null;

create function note_standing() returns trigger language plpgsql as $$
begin
    new.standing_changed_at := clock_timestamp();
    if new.status = 'suspended' then
        update sessions set revoked_at = clock_timestamp() where user_id = new.id and revoked_at is null;
    end if;
    return new;
end
$$;

create trigger users_note_standing before update of status on users
    for each row when (old.status is distinct from new.status) execute function note_standing();
