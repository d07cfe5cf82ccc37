-- A room that opens reads which of its ops were refused and are not dealt with.
create index dead_letters_by_workout on dead_letters (workout_id) where resolved_at is null;
