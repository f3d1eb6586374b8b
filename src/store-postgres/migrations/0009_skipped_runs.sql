-- Due times that were passed over together: how many from the first one up to the entry's own; null where it was run.
alter table schedule_runs add column skipped_count integer;
alter table schedule_runs add column first_due_at bigint;
-- Since when a node, and those before it without a gap, have been there for what falls due; null while it does not know.
alter table nodes add column attends_since bigint;
