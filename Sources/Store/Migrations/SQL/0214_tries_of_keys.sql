-- How often a request was begun under its key: from the second time on some of it may be done already.
alter table idempotency_keys add column tries integer not null default 1;
