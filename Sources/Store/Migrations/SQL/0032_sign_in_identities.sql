-- Accounts elsewhere that sign in here, by the id that never changes there.
create table sign_in_identities (
    provider text not null check (provider in ('google', 'github')),
    subject text not null check (char_length(subject) between 1 and 255),
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null,
    primary key (provider, subject)
);

create index sign_in_identities_of_user on sign_in_identities (user_id);
