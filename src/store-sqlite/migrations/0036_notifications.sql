-- What organizations that have a queue of notifications were told, as JSON.
create table notifications_told (
  organization_id text primary key,
  version integer not null,
  told text not null
) strict, without rowid;

create trigger notifications_told_gone after delete on organizations begin
  delete from notifications_told where organization_id = old.id;
end;

-- Found without a look at any other queue.
create index queues_notifications on queues (organization_id) where name = 'discue/notifications';

-- Notifications count against no quota: neither when they are accepted nor when they are removed.
drop trigger message_usage_removed;
create trigger message_usage_removed after delete on messages
  when old.headers is null or old.headers not like '{"discue-notification":%'
begin
  update message_usage set stored = stored - 1 where organization_id = old.organization_id;
end;
