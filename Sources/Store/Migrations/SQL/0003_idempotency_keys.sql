create table idempotency_keys (
    user_id uuid not null references users on delete cascade,
    route text not null,
    key text not null,
    request_hash bytea not null,
    created_at timestamptz not null,
    -- Null while the first request runs.
    status bigint,
    body bytea,
    location text,
    entity_tag text,
    primary key (user_id, route, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);
