-- A session is what a sign-in opens; its id is the `sid` of its access tokens.
create table sessions (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    user_agent text,
    address text not null,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create index sessions_of_user on sessions (user_id) where revoked_at is null;
create index sessions_by_expiry on sessions (expires_at);
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;

-- One family a session. A token that was used stays, so that its repeat is told from a forgery.
create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions on delete cascade,
    -- The token this one was given for; null for the first of the session.
    parent bytea,
    created_at timestamptz not null,
    used_at timestamptz,
    -- Set on a successor that was never used when its parent came again.
    superseded_at timestamptz
);

create index refresh_tokens_of_session on refresh_tokens (session_id);
create index refresh_tokens_of_parent on refresh_tokens (parent);
create index refresh_tokens_by_age on refresh_tokens (created_at);

-- Links in mails; the secret is stored hashed.
create table mail_links (
    hash bytea primary key,
    user_id uuid not null references users on delete cascade,
    purpose text not null check (purpose in ('verifyEmail')),
    email text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

create index mail_links_of_user on mail_links (user_id, purpose);
create index mail_links_by_expiry on mail_links (expires_at);

-- What an owner should be able to see of the account's security.
create table security_events (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    kind text not null,
    session_id uuid,
    address text,
    at timestamptz not null
);

create index security_events_of_user on security_events (user_id, id desc);
