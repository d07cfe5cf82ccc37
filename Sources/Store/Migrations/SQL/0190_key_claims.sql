-- What runs under a key, the process knows that has the database.
alter table idempotency_keys drop column claimed_at;
