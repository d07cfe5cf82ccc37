-- An authenticator app of an account.
create table second_factors (
    user_id uuid primary key references users on delete cascade,
    -- Sealed with a key that lies outside the database.
    secret bytea not null,
    -- Names that key.
    key_id text not null,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    -- Of the last code that was taken: each counts once.
    last_step bigint not null default 0
);

create index second_factors_by_key on second_factors (key_id);

-- Codes that stand in for the app, each once; hashes of random secrets.
create table recovery_codes (
    user_id uuid not null references second_factors on delete cascade,
    hash bytea not null,
    used_at timestamptz,
    primary key (user_id, hash)
);

-- When the session passed a second factor: privileged roles count only then.
alter table sessions add column factor_at timestamptz;
