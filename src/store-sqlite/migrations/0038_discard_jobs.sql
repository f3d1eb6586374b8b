-- Discards of many messages, a few at a time, the newest message first.
create table discard_jobs (
  id text primary key,
  organization_id text not null,
  queue_id text not null,
  listener_id text,
  since integer not null,
  until integer not null,
  status text,
  contains text,
  -- The newest message that is meant.
  last_sequence integer not null,
  -- Messages below this id are still to be looked at; null: none, but for leftovers.
  before text,
  matched integer not null,
  created_at integer not null,
  ended_at integer
) strict, without rowid;

create index discard_jobs_running on discard_jobs (organization_id, id) where ended_at is null;
create index discard_jobs_ended on discard_jobs (ended_at) where ended_at is not null;
create index discard_jobs_queue on discard_jobs (queue_id);

-- Messages of which something was on its way when a discard looked at them.
create table discard_leftovers (
  discard_id text not null,
  sequence integer not null,
  -- When to look again.
  look_at integer not null,
  primary key (discard_id, sequence)
) strict, without rowid;

create index discard_leftovers_message on discard_leftovers (sequence);
create index discard_leftovers_look on discard_leftovers (discard_id, look_at);

-- A trigger, because they are removed with their queue as well.
create trigger discard_jobs_gone after delete on discard_jobs
begin
  delete from discard_leftovers where discard_id = old.id;
end;

-- Of messages that are gone: for whom a client had them discarded. A JSON array of listeners.
alter table discards add column discarded text not null default '[]';
