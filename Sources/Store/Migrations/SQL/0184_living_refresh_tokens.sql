-- The few tokens of a session that may still be used first; those that were used stay for long.
create index refresh_tokens_living on refresh_tokens (session_id) where used_at is null and superseded_at is null;
