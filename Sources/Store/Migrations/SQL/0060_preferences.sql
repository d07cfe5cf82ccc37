-- What a user is told, when, and what others may see.
alter table users
    add column profile_audience text not null default 'public'
        check (profile_audience in ('private', 'friends', 'public')),
    -- Of workouts that have ended; while they run, live_audience holds.
    add column workouts_audience text not null default 'friends'
        check (workouts_audience in ('private', 'friends', 'public')),
    add column boards_audience text not null default 'public'
        check (boards_audience in ('private', 'friends', 'public')),
    add column achievements_audience text not null default 'friends'
        check (achievements_audience in ('private', 'friends', 'public')),
    add column shares_achievements boolean not null default true,
    add column is_discoverable boolean not null default true,
    -- Kinds of notifications; one that is new to the server is shown in the app and not mailed.
    add column notifications_muted text[] not null default '{}',
    add column notifications_mailed text[] not null
        default '{friendRequest,challengeInvite,moderation,reportReady}',
    -- Minutes since midnight, in the user's own time zone.
    add column quiet_from smallint check (quiet_from between 0 and 1439),
    add column quiet_to smallint check (quiet_to between 0 and 1439),
    add column reminders_on boolean not null default false,
    add column reminder_minute smallint not null default 1080 check (reminder_minute between 0 and 1439),
    add column reminder_days text[] not null default '{monday,wednesday,friday}',
    add check ((quiet_from is null) = (quiet_to is null));

-- Until now one preference was for both: nobody sees more or less than before.
update users set workouts_audience = live_audience where workouts_audience <> live_audience;
