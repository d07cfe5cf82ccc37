-- What a user's templates hold in all their versions, for the quota; counted as versions come and go. Deleted ones
-- don't count, so that there is always something to make room by.
alter table users add column template_bytes bigint not null default 0;

update users u set template_bytes = kept.bytes
from (
    select t.owner, sum(octet_length(v.weeks::text)) as bytes
    from templates t join template_versions v on v.template_id = t.id
    where t.owner is not null and t.deleted_at is null
    group by t.owner
) kept
where u.id = kept.owner;
