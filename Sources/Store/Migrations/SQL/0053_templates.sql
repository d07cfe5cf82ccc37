-- Programs. What a version holds stands in template_versions; the row here is the current one, beside what is counted.
create table templates (
    id uuid primary key,
    -- Null for the library.
    owner uuid references users on delete cascade,
    -- Of the library's own; its id is derived from it.
    slug text unique,
    name text not null check (char_length(name) between 1 and 120),
    description text check (char_length(description) between 1 and 4000),
    category text not null,
    level text not null check (level in ('beginner', 'intermediate', 'expert')),
    length_weeks integer not null check (length_weeks between 1 and 104),
    days_per_week integer not null check (days_per_week between 1 and 7),
    equipment text[] not null,
    visibility text not null check (visibility in ('private', 'friends', 'public')),
    weeks jsonb not null,
    version bigint not null default 1,
    featured_at timestamptz,
    -- Of a copy; no reference, since the names outlive their template and its creator.
    origin uuid,
    origin_name text,
    origin_version bigint,
    origin_creator text,
    uses bigint not null default 0,
    rating_count integer not null default 0,
    rating_sum integer not null default 0,
    rating_rank bigint not null generated always as
        (case when rating_count = 0 then 0 else rating_sum::bigint * 1000000 / rating_count end) stored,
    words tsvector not null generated always as
        (to_tsvector('english', name || ' ' || category || ' ' || coalesce(description, ''))) stored,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    deleted_at timestamptz,
    check (owner is not null or visibility = 'public')
);

create index templates_of_owner on templates (owner, id desc) where deleted_at is null;
create index templates_by_date on templates (id desc) where visibility = 'public' and deleted_at is null;
create index templates_by_rating on templates (rating_rank desc, id desc)
    where visibility = 'public' and deleted_at is null;
create index templates_by_use on templates (uses desc, id desc) where visibility = 'public' and deleted_at is null;
create index templates_featured on templates (id desc) where featured_at is not null and deleted_at is null;
create index templates_by_words on templates using gin (words);

create table template_versions (
    template_id uuid not null references templates on delete cascade,
    version bigint not null,
    name text not null,
    description text,
    category text not null,
    level text not null,
    length_weeks integer not null,
    days_per_week integer not null,
    equipment text[] not null,
    weeks jsonb not null,
    created_at timestamptz not null,
    primary key (template_id, version)
);

create table template_favorites (
    template_id uuid not null references templates on delete cascade,
    user_id uuid not null references users on delete cascade,
    added_at timestamptz not null,
    primary key (user_id, template_id)
);

create index template_favorites_of_template on template_favorites (template_id);

create table template_ratings (
    template_id uuid not null references templates on delete cascade,
    user_id uuid not null references users on delete cascade,
    rating smallint not null check (rating between 1 and 5),
    rated_at timestamptz not null,
    primary key (template_id, user_id)
);

create index template_ratings_of_user on template_ratings (user_id);

-- A trigger, since ratings also go with their user's account.
create function count_template_rating() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        update templates set rating_count = rating_count - 1, rating_sum = rating_sum - old.rating
        where id = old.template_id;
    end if;
    if tg_op <> 'DELETE' then
        update templates set rating_count = rating_count + 1, rating_sum = rating_sum + new.rating
        where id = new.template_id;
    end if;
    return null;
end
$$;

create trigger template_rating_counted after insert or update or delete on template_ratings
    for each row execute function count_template_rating();

-- What a workout was made from, and what was aimed at: each entry of the workout with the targets of its sets.
create table workout_plans (
    workout_id uuid primary key,
    user_id uuid not null references users on delete cascade,
    template_id uuid not null,
    template_version bigint not null,
    week integer not null,
    day integer not null,
    entries jsonb not null,
    created_at timestamptz not null
);

create index workout_plans_of_template on workout_plans (user_id, template_id);
