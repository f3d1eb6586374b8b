create table schedules (
  id text primary key,
  organization_id text not null,
  queue_id text not null,
  name text not null,
  cron text,
  every_ms integer,
  at integer,
  timezone text not null,
  message_name text,
  starts_at integer,
  ends_at integer,
  paused integer not null,
  catch_up text not null check (catch_up in ('none', 'last', 'all')),
  created_at integer not null,
  updated_at integer not null,
  data text not null,
  check ((cron is null) + (every_ms is null) + (at is null) = 2)
) strict;

create unique index schedules_name on schedules (queue_id, name);
create index schedules_queue on schedules (queue_id, id);
create index schedules_organization on schedules (organization_id);

-- Apart from the schedules, because it is written with every run, and their data may be long.
create table schedule_progress (
  schedule_id text primary key,
  revision integer not null,
  next_at integer,
  passed_at integer,
  last_run_at integer,
  last_message_id text,
  run_count integer not null
) strict, without rowid;

create index schedule_progress_due on schedule_progress (next_at) where next_at is not null;

-- The key is what makes a due time count once, whatever goes wrong elsewhere.
create table schedule_runs (
  schedule_id text not null,
  due_at integer not null,
  ran_at integer not null,
  message_id text,
  error text,
  primary key (schedule_id, due_at)
) strict, without rowid;
