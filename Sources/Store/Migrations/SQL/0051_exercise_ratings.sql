create table exercise_ratings (
    exercise_id uuid not null references exercises on delete cascade,
    user_id uuid not null references users on delete cascade,
    rating smallint not null check (rating between 1 and 5),
    rated_at timestamptz not null,
    primary key (exercise_id, user_id)
);

create index exercise_ratings_of_user on exercise_ratings (user_id);

-- A trigger, since ratings also go with their user's account.
create function count_exercise_rating() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        update exercises set rating_count = rating_count - 1, rating_sum = rating_sum - old.rating
        where id = old.exercise_id;
    end if;
    if tg_op <> 'DELETE' then
        update exercises set rating_count = rating_count + 1, rating_sum = rating_sum + new.rating
        where id = new.exercise_id;
    end if;
    return null;
end
$$;

create trigger exercise_rating_counted after insert or update or delete on exercise_ratings
    for each row execute function count_exercise_rating();
