-- What the messages of a schedule have as their key, what becomes of a due time while the message before is pending, and
-- by how much a due time is run later at most.
alter table discue.schedules add column key text;
alter table discue.schedules add column overlap text not null default 'allow' check (overlap in ('allow', 'skip'));
alter table discue.schedules add column jitter_ms bigint not null default 0;
