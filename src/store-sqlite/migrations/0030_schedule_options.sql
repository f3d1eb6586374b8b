-- What the messages of a schedule have as their key, what becomes of a due time while the message before is pending, and
-- by how much a due time is run later at most.
alter table schedules add column key text;
alter table schedules add column overlap text not null default 'allow' check (overlap in ('allow', 'skip'));
alter table schedules add column jitter_ms integer not null default 0;
