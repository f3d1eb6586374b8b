-- A trigger runs with the settings of the session that fires it, whose search_path need not name this schema.
create or replace function discue.count_removed_messages() returns trigger language plpgsql as $$
begin
  update discue.message_usage u set stored = u.stored - r.removed
    from (select organization_id, count(*) as removed from removed group by organization_id) r
   where u.organization_id = r.organization_id;
  return null;
end $$;
