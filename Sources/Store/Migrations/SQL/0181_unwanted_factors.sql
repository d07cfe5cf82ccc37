-- The mail about a second factor that was turned on carries a link that removes it.
alter table mail_links drop constraint mail_links_purpose_check;
alter table mail_links add constraint mail_links_purpose_check check (
    purpose in ('verifyEmail', 'resetPassword', 'confirmOldEmail', 'confirmNewEmail', 'removeSecondFactor'));

-- Which one: that which was turned on at this time.
alter table mail_links add column factor_at timestamptz;
