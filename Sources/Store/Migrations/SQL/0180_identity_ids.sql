-- What owners name a sign-in elsewhere by: its name there is nothing for addresses and logs.
alter table sign_in_identities add column id uuid;

-- A UUIDv7 of the time when it was linked: a random version 4 with the time over its first bytes and another version.
update sign_in_identities set id = encode(
    set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from created_at) * 1000)::bigint) from 3) from 1 for 6),
        52, 1), 53, 1), 'hex')::uuid;

alter table sign_in_identities alter column id set not null, add constraint sign_in_identities_id_key unique (id);
