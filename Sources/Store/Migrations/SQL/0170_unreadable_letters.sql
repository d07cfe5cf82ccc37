-- A dead letter may be an op that nobody can read any more: whose it was is then unknown as well.
alter table dead_letters
    alter column workout_id drop not null,
    alter column user_id drop not null,
    alter column op_id drop not null,
    alter column epoch drop not null,
    alter column seq drop not null;

-- An op is offered again after a crash; its letter is written once.
create index dead_letters_op on dead_letters (op_id);
