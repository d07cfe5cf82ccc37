-- Whether a request under the key has made its thing, which may be deleted by now: a repeat does not make it again.
alter table idempotency_keys add column has_made boolean not null default false;
