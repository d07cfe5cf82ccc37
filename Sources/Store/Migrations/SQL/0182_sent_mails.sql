-- Links go on counting when the change that they were sent for gives way to another one.
alter table mail_links drop constraint mail_links_change_id_fkey;
alter table mail_links add constraint mail_links_change_id_fkey
    foreign key (change_id) references email_changes on delete set null;

-- Which mails went to an address within the last hour, whoever caused them. The address is hashed: it may be anybody's.
create table sent_mails (
    -- Of the job that sends it: a mail that is tried again counts once.
    id uuid primary key,
    address bytea not null,
    kind text not null,
    at timestamptz not null
);

create index sent_mails_to_address on sent_mails (address, kind, at);
create index sent_mails_by_age on sent_mails (at);
