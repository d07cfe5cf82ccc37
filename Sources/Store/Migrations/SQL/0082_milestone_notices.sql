-- A milestone is told to its athlete until they have seen it. Those from before there were such notices count as seen.
alter table goal_milestones
    add column notice_id uuid,
    add column seen_at timestamptz;

update goal_milestones set seen_at = noticed_at;

create unique index goal_milestones_notice on goal_milestones (notice_id);
create index goal_milestones_unseen on goal_milestones (user_id, noticed_at, goal_id, percent)
    where seen_at is null and notice_id is not null;
