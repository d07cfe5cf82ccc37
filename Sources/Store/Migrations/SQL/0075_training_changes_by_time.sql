-- The sweep of goals takes the oldest changes first; while many wait, each of its rounds sorted all of them.
create index training_changes_by_time on training_changes (changed_at);
