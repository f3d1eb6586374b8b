-- Discards of many messages, a few at a time, the newest message first.
create table discue.discard_jobs (
  organization_id text collate "C" not null,
  id text collate "C" not null,
  queue_id text collate "C" not null,
  listener_id text collate "C",
  since bigint not null,
  until bigint not null,
  status text collate "C",
  contains text collate "C",
  -- The newest message that is meant.
  last_sequence bigint not null,
  -- Messages below this id are still to be looked at; null: none, but for leftovers.
  before text collate "C",
  matched bigint not null,
  created_at bigint not null,
  ended_at bigint,
  primary key (organization_id, id)
);

create index discard_jobs_running on discue.discard_jobs (organization_id, id) where ended_at is null;
create index discard_jobs_ended on discue.discard_jobs (ended_at) where ended_at is not null;
create index discard_jobs_queue on discue.discard_jobs (organization_id, queue_id);

-- Messages of which something was on its way when a discard looked at them.
create table discue.discard_leftovers (
  organization_id text collate "C" not null,
  discard_id text collate "C" not null,
  sequence bigint not null,
  -- When to look again.
  look_at bigint not null,
  primary key (organization_id, discard_id, sequence)
);

create index discard_leftovers_message on discue.discard_leftovers (sequence);
create index discard_leftovers_look on discue.discard_leftovers (organization_id, discard_id, look_at);

-- A trigger, because they are removed with their queue as well.
create function discue.forget_discard_leftovers() returns trigger language plpgsql as $$
begin
  delete from discue.discard_leftovers where organization_id = old.organization_id and discard_id = old.id;
  return null;
end $$;

create trigger discard_jobs_gone after delete on discue.discard_jobs
  for each row execute function discue.forget_discard_leftovers();

-- Of messages that are gone: for whom a client had them discarded.
alter table discue.discards add column discarded text[] collate "C" not null default '{}';
