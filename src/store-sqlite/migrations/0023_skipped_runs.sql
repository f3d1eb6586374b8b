-- Due times that were passed over together: how many from the first one up to the entry's own; null where it was run.
alter table schedule_runs add column skipped_count integer;
alter table schedule_runs add column first_due_at integer;
