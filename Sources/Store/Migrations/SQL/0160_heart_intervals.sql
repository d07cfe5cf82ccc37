-- The intervals between the beats of that second in milliseconds, oldest first; null where the sensor told none.
alter table workout_heart_rate add column rr smallint[] check (cardinality(rr) between 1 and 16);
