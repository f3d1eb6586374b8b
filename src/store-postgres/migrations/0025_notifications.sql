-- What organizations that have a queue of notifications were told, as JSON.
create table discue.notifications_told (
  organization_id text collate "C" primary key,
  version int not null,
  told text not null
);

create function discue.forget_notifications_told() returns trigger language plpgsql as $$
begin
  delete from discue.notifications_told where organization_id = old.id;
  return null;
end $$;

create trigger notifications_told_gone after delete on discue.organizations
  for each row execute function discue.forget_notifications_told();

-- Found without a look at any other queue.
create index queues_notifications on discue.queues (organization_id) where name = 'discue/notifications';

-- Notifications count against no quota: neither when they are accepted nor when they are removed.
create or replace function discue.count_removed_messages() returns trigger language plpgsql as $$
begin
  update discue.message_usage u set stored = u.stored - r.removed
    from (select organization_id, count(*) as removed from removed
           where headers is null or headers not like '{"discue-notification":%' group by organization_id) r
   where u.organization_id = r.organization_id;
  return null;
end $$;
