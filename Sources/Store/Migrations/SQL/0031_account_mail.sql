-- A change of the email address, which takes effect when both addresses have confirmed it.
create table email_changes (
    id uuid primary key,
    user_id uuid not null unique references users on delete cascade,
    old_email text not null,
    new_email text not null,
    -- Set at once for an old address that never was verified: nobody need confirm from there.
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    changed_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create index email_changes_by_expiry on email_changes (expires_at);

alter table mail_links drop constraint mail_links_purpose_check;
alter table mail_links add constraint mail_links_purpose_check
    check (purpose in ('verifyEmail', 'resetPassword', 'confirmOldEmail', 'confirmNewEmail'));
alter table mail_links add column change_id uuid references email_changes on delete cascade;

create index mail_links_of_change on mail_links (change_id) where change_id is not null;
