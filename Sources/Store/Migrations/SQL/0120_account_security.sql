-- Whether a link to an account elsewhere rests on a proof of the address that the account has.
alter table sign_in_identities add column is_proven boolean not null default true;

-- Of those made before: not proven while the address was not, as far as the account's own events and dates tell it.
update sign_in_identities i set is_proven = false
from users u
where u.id = i.user_id
  and (u.verified_at is null
      or exists (select from security_events e
          where e.user_id = u.id and e.kind = 'emailVerified' and e.at > i.created_at)
      or i.created_at < u.verified_at and not exists (select from security_events e
          where e.user_id = u.id and e.kind in ('emailChanged', 'emailVerified')
            -- The event took its own time, some milliseconds later.
            and e.at >= u.verified_at and e.at < u.verified_at + interval '1 minute'));

alter table sign_in_identities alter column is_proven set default false;

-- Devices that were known before this time are known no longer.
alter table users add column devices_known_since timestamptz;
