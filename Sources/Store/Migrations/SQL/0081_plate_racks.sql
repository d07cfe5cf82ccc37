-- Bars and plates that an athlete owns; targets of workouts are rounded to them. A null is "as most gyms have them".
create table plate_racks (
    user_id uuid primary key references users on delete cascade,
    -- Whole grams.
    barbell_g integer check (barbell_g between 0 and 50000),
    ez_bar_g integer check (ez_bar_g between 0 and 50000),
    -- Of each kind of plate its weight and how many pairs, the heaviest first; both or neither.
    plates_g integer[],
    pairs integer[],
    -- Counts the changes, for entity tags.
    version bigint not null default 0,
    check ((plates_g is null) = (pairs is null)),
    check (cardinality(plates_g) = cardinality(pairs) and cardinality(plates_g) <= 16)
);
