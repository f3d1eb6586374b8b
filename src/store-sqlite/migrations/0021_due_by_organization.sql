-- Organizations take turns with the schedules that are due.
alter table schedule_progress add column organization_id text not null default '';
update schedule_progress
   set organization_id = (select s.organization_id from schedules s where s.id = schedule_progress.schedule_id)
 where exists (select 1 from schedules s where s.id = schedule_progress.schedule_id);
drop index schedule_progress_due;
create index schedule_progress_due on schedule_progress (next_at, organization_id) where next_at is not null;
create index schedule_progress_turns on schedule_progress (organization_id, next_at) where next_at is not null;
