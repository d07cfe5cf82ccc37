-- A list of everything that one may see takes what friends show to friends from here.
create index templates_for_friends on templates (owner, id desc) where visibility = 'friends' and deleted_at is null;
