-- Organizations take turns with the schedules that are due.
drop index schedule_progress_due;
create index schedule_progress_due on schedule_progress (next_at, organization_id) where next_at is not null;
create index schedule_progress_turns on schedule_progress (organization_id, next_at) where next_at is not null;
