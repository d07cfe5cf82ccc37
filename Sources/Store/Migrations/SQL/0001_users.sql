create table users (
    id uuid primary key,
    username text not null check (username ~ '^[a-z0-9_]{3,30}$'),
    -- In lower case, as it is compared; mail goes to this form too.
    email text not null,
    -- Null for accounts that sign in elsewhere only.
    password_hash text,
    display_name text not null check (char_length(display_name) between 1 and 80),
    bio text not null default '' check (char_length(bio) <= 1000),
    birth_date date,
    sex text check (sex in ('female', 'male')),
    height_cm double precision check (height_cm between 50 and 300),
    experience text check (experience in ('beginner', 'intermediate', 'advanced', 'elite')),
    training_goals text[] not null default '{}',
    gym text check (char_length(gym) between 1 and 120),
    unit text not null default 'metric' check (unit in ('metric', 'imperial')),
    time_zone text not null default 'UTC',
    role text not null default 'user' check (role in ('user', 'moderator', 'admin')),
    status text not null default 'active' check (status in ('active', 'suspended')),
    verified_at timestamptz,
    live_audience text not null default 'friends' check (live_audience in ('private', 'friends', 'public')),
    heart_rate_audience text not null default 'nobody' check (heart_rate_audience in ('nobody', 'friends', 'public')),
    -- Counts the changes of profile and preferences, for entity tags.
    version bigint not null default 1,
    created_at timestamptz not null
);

create unique index users_username_key on users (username);
create unique index users_email_key on users (email);
