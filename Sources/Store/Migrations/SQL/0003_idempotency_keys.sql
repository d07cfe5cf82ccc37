create table idempotency_keys (
    user_id uuid not null references users on delete cascade,
    route text not null,
    key text not null,
    request_hash bytea not null,
    -- When the key was first used; ids that its request makes are derived from it.
    created_at timestamptz not null,
    -- When the latest run under the key began; null when it failed and the key may be tried again.
    claimed_at timestamptz,
    -- Null while there is no answer.
    status bigint,
    body bytea,
    location text,
    entity_tag text,
    primary key (user_id, route, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);
