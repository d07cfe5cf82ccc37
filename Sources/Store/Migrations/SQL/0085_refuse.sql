-- Fails the statement that calls it, with a reason: for conditions that only the statement itself can see.
create function refuse(reason text) returns boolean language plpgsql as $$
begin
    raise exception using errcode = 'triggered_action_exception', message = reason;
end
$$;
