-- Ids sort by their bytes, which is by time: every text that is an id, or is compared like one, says so by its collation.

create table organizations (
  id text collate "C" primary key,
  name text collate "C" not null,
  root boolean not null,
  status text not null check (status in ('active', 'frozen')),
  limits json not null,
  revision integer not null default 1,
  created_at bigint not null,
  updated_at bigint not null
);

create unique index organizations_name on organizations (name);
create unique index organizations_root_name on organizations (root) where root;

create table api_keys (
  organization_id text collate "C" not null,
  id text collate "C" not null,
  name text collate "C",
  digest text collate "C" not null,
  prefix text not null,
  status text not null check (status in ('enabled', 'disabled')),
  scopes json,
  owner boolean not null,
  revision integer not null default 1,
  created_at bigint not null,
  updated_at bigint not null,
  last_used_at bigint,
  primary key (organization_id, id)
) with (fillfactor = 80);

create unique index api_keys_id on api_keys (id);
create unique index api_keys_digest on api_keys (digest);
create unique index api_keys_name on api_keys (organization_id, name) where name is not null;

create table queues (
  organization_id text collate "C" not null,
  id text collate "C" not null,
  name text collate "C" not null,
  schema json,
  schema_id text,
  paused boolean not null,
  version integer not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (organization_id, id)
) with (fillfactor = 80);

create unique index queues_name on queues (organization_id, name);

create table listeners (
  organization_id text collate "C" not null,
  id text collate "C" not null,
  queue_id text collate "C" not null,
  name text collate "C" not null,
  notify_url text,
  liveness_url text,
  secret text not null,
  retired_secrets json not null default '[]',
  secret_expires_at bigint,
  settings json not null,
  revision integer not null default 1,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (organization_id, id)
) with (fillfactor = 80);

-- Only of listeners whose secret was changed within the past day.
create index listeners_secret_expires on listeners (secret_expires_at) where secret_expires_at is not null;
create unique index listeners_id on listeners (id);
create unique index listeners_name on listeners (organization_id, queue_id, name);

-- One number for every message, in the order of acceptance. Not cached: a block in somebody's memory would come late.
create sequence message_sequence as bigint;

create table messages (
  organization_id text collate "C" not null,
  queue_id text collate "C" not null,
  id text collate "C" not null,
  sequence bigint not null,
  name text collate "C",
  key text collate "C",
  data text not null,
  created_at bigint not null,
  deliver_at bigint not null,
  -- The version of the queue that it was accepted by.
  audience integer not null,
  revision integer not null default 1,
  primary key (organization_id, queue_id, id)
);

-- By it alone: beside the organization, a planner without statistics takes the primary key for as good.
create index messages_sequence on messages (sequence);

-- For finding messages by their name or key. One that has neither, which is most, costs nothing more than before.
create index messages_name on messages (organization_id, queue_id, name, id) where name is not null;
create index messages_key on messages (organization_id, queue_id, key, id) where key is not null;

-- For whom messages were accepted: the listeners of a queue in one of its versions.
create table audiences (
  organization_id text collate "C" not null,
  queue_id text collate "C" not null,
  version integer not null,
  -- About that of the first message that it holds for: no later one is smaller.
  first_sequence bigint not null,
  listener_ids text[] collate "C" not null,
  primary key (organization_id, queue_id, version)
);

create index audiences_first on audiences (first_sequence);

-- What the books need of messages that are gone, until retention is over: whom they were for, and who had got them.
create table discards (
  organization_id text collate "C" not null,
  queue_id text collate "C" not null,
  sequence bigint not null,
  id text collate "C" not null,
  audience integer not null,
  created_at bigint not null,
  discarded_at bigint not null,
  reason text not null,
  delivered text[] collate "C" not null,
  primary key (organization_id, queue_id, sequence)
);

create index discards_time on discards (discarded_at);
create index discards_sequence on discards (sequence);

-- Listeners that were deleted, for as long as there are messages that were accepted for them.
create table removed_listeners (
  organization_id text collate "C" not null,
  id text collate "C" not null,
  queue_id text collate "C" not null,
  name text not null,
  removed_at bigint not null,
  primary key (organization_id, id)
);

create index removed_listeners_queue on removed_listeners (organization_id, queue_id, id);

-- Only what is pending. It is as short as the backlog, and all of it dies: vacuum must come often and cost nothing.
create table deliveries (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  due_at bigint not null,
  sequence bigint not null,
  attempts integer not null,
  -- Attempts of earlier runs: a redelivery starts the retry policy anew, while attempts keep counting up.
  attempts_before integer not null,
  first_sent_at bigint,
  moved boolean not null,
  -- Since when it is leased to somebody who pulled it; its due time is then the end of the lease.
  pulled_at bigint,
  -- Who holds it, and by which token; what a node held that has no row in `nodes`, or an old one, is free.
  lease_node text collate "C",
  lease bigint,
  primary key (organization_id, listener_id, due_at, sequence)
) with (
  -- Room for the lease on the same page: taking one is then no write to the index.
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);

create index deliveries_moved on deliveries (sequence) where moved;
create index deliveries_pulled on deliveries (due_at) where pulled_at is not null;

-- Of listeners that have or had an order: the number of the last message that they were given a place for. Whoever
-- decides about the order locks this row.
create table order_counters (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  last_number bigint not null,
  primary key (organization_id, listener_id)
) with (fillfactor = 50);

-- A message's place among those of a listener, as it was decided at its acceptance. Without a key it is outside of the
-- order, and only counted; the key is empty where the whole queue is one order.
create table order_places (
  organization_id text collate "C" not null,
  sequence bigint not null,
  listener_id text collate "C" not null,
  number bigint not null,
  key text collate "C",
  primary key (organization_id, sequence, listener_id)
);

-- Whose turn it is. Blocked: it was missed, and the others wait until somebody has seen to it.
create table order_heads (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  key text collate "C" not null,
  sequence bigint not null,
  blocked boolean not null,
  primary key (organization_id, listener_id, key)
) with (fillfactor = 50);

create index order_heads_blocked on order_heads (organization_id, listener_id) where blocked;

-- Pending behind a head: not in `deliveries`, which holds only what may be sent.
create table held (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  key text collate "C" not null,
  sequence bigint not null,
  primary key (organization_id, listener_id, key, sequence)
);

-- Listeners that go on after a missed message from now on, and whose blocked heads are still to be released.
create table order_releases (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  primary key (organization_id, listener_id)
);

create table redeliveries (
  organization_id text collate "C" not null,
  queue_id text collate "C" not null,
  listener_id text collate "C" not null,
  id text collate "C" not null,
  since bigint not null,
  until bigint not null,
  status text,
  last_sequence bigint not null,
  after text collate "C" not null,
  matched bigint not null,
  created_at bigint not null,
  ended_at bigint,
  primary key (organization_id, listener_id, id)
) with (fillfactor = 80);

create index redeliveries_running on redeliveries (id) where ended_at is null;

create table attempts (
  organization_id text collate "C" not null,
  sequence bigint not null,
  listener_id text collate "C" not null,
  number integer not null,
  started_at bigint not null,
  duration_ms integer not null,
  status integer,
  error text,
  response text not null,
  primary key (organization_id, sequence, listener_id, number)
);

create table missed (
  organization_id text collate "C" not null,
  sequence bigint not null,
  listener_id text collate "C" not null,
  at bigint not null,
  reason text not null,
  primary key (organization_id, sequence, listener_id)
);

create index missed_listener on missed (organization_id, listener_id, sequence);

create table listener_figures (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  pending bigint not null,
  acknowledged bigint not null,
  missed bigint not null,
  last_success_at bigint,
  last_failure_at bigint,
  primary key (organization_id, listener_id)
) with (fillfactor = 50);

-- How listeners are doing, by their checks or their deliveries; written once a minute, and when a state changes.
create table listener_liveness (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  state text not null,
  success_count bigint not null,
  last_success_at bigint,
  failure_count bigint not null,
  last_failure_status integer,
  last_failure_at bigint,
  last_failure_msg text,
  primary key (organization_id, listener_id)
) with (fillfactor = 50);

-- Counts per five minutes.
create table stats (
  organization_id text collate "C" not null,
  bucket bigint not null,
  subject_id text collate "C" not null,
  listener_id text collate "C" not null,
  api_key_added bigint not null default 0,
  api_key_updated bigint not null default 0,
  api_key_deleted bigint not null default 0,
  queue_added bigint not null default 0,
  queue_updated bigint not null default 0,
  queue_deleted bigint not null default 0,
  listener_added bigint not null default 0,
  listener_updated bigint not null default 0,
  listener_deleted bigint not null default 0,
  message_added bigint not null default 0,
  message_published_ok bigint not null default 0,
  message_published_not_ok bigint not null default 0,
  latencies bigint[] not null default '{}',
  primary key (organization_id, bucket, subject_id, listener_id)
) with (fillfactor = 50);

create index stats_bucket on stats (bucket);

-- What commits did to figures and counts, and nobody has added up yet. Rows are only ever added and taken away, so
-- that no two nodes wait for each other.
create table usage_changes (
  organization_id text collate "C" not null,
  subject_id text collate "C" not null,
  listener_id text collate "C" not null,
  number bigint generated always as identity,
  bucket bigint not null,
  pending integer not null,
  acknowledged integer not null,
  missed integer not null,
  last_success_at bigint,
  last_failure_at bigint,
  added integer not null,
  ok integer not null,
  not_ok integer not null,
  latencies bigint[] not null,
  primary key (organization_id, subject_id, listener_id, number)
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);

create sequence event_segment as bigint;

create table event_segments (
  organization_id text collate "C" not null,
  category text collate "C" not null,
  stored_at bigint not null,
  segment bigint not null,
  entries text not null,
  primary key (organization_id, category, stored_at, segment)
);

create index event_segments_stored_at on event_segments (stored_at);

create table answers (
  organization_id text collate "C" not null,
  target text collate "C" not null,
  key text collate "C" not null,
  digest text not null,
  status integer not null,
  body text not null,
  stored_at bigint not null,
  expires_at bigint not null,
  primary key (organization_id, target, key)
);

create index answers_expiry on answers (expires_at);

-- Only of organizations whose messages are limited: nobody else pays for the counting.
create table message_usage (
  organization_id text collate "C" primary key,
  stored bigint not null,
  day bigint not null,
  accepted bigint not null
) with (fillfactor = 50);

-- A trigger, because messages are removed in many places, and one that forgot to count would be wrong for ever.
create function count_removed_messages() returns trigger language plpgsql as $$
begin
  update message_usage u set stored = u.stored - r.removed
    from (select organization_id, count(*) as removed from removed group by organization_id) r
   where u.organization_id = r.organization_id;
  return null;
end $$;

create trigger message_usage_removed after delete on messages
  referencing old table as removed for each statement execute function count_removed_messages();

create table schedules (
  organization_id text collate "C" not null,
  queue_id text collate "C" not null,
  id text collate "C" not null,
  name text collate "C" not null,
  cron text,
  every_ms bigint,
  at bigint,
  timezone text not null,
  message_name text,
  starts_at bigint,
  ends_at bigint,
  paused boolean not null,
  catch_up text not null check (catch_up in ('none', 'last', 'all')),
  created_at bigint not null,
  updated_at bigint not null,
  data text not null,
  primary key (organization_id, queue_id, id),
  check (num_nonnulls(cron, every_ms, at) = 1)
);

create unique index schedules_id on schedules (id);
create unique index schedules_name on schedules (organization_id, queue_id, name);

-- Apart from the schedules, because it is written with every run, and their data may be long.
create table schedule_progress (
  organization_id text collate "C" not null,
  schedule_id text collate "C" not null,
  revision integer not null,
  next_at bigint,
  passed_at bigint,
  last_run_at bigint,
  last_message_id text,
  run_count bigint not null,
  primary key (organization_id, schedule_id)
) with (fillfactor = 80);

create unique index schedule_progress_id on schedule_progress (schedule_id);
create index schedule_progress_due on schedule_progress (next_at) where next_at is not null;

-- The key is what makes a due time count once, whatever goes wrong elsewhere.
create table schedule_runs (
  organization_id text collate "C" not null,
  schedule_id text collate "C" not null,
  due_at bigint not null,
  ran_at bigint not null,
  message_id text,
  error text,
  primary key (organization_id, schedule_id, due_at)
);

create table domains (
  organization_id text collate "C" not null,
  id text collate "C" not null,
  name text collate "C" not null,
  hostname text collate "C" not null,
  port integer not null,
  challenge json not null,
  verified_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  revision integer not null default 1,
  primary key (organization_id, id)
) with (fillfactor = 80);

create unique index domains_name on domains (organization_id, name);
create index domains_place on domains (organization_id, hostname, port);

-- What was deleted and whose rows are still to be removed.
create table removals (
  kind text collate "C" not null,
  id text collate "C" not null,
  organization_id text collate "C" not null,
  primary key (kind, id)
);

create table notes (
  name text collate "C" primary key,
  value text not null
);

-- Limits that nodes share: of a window how much is used, of a bucket until when it is empty. Nothing that a crash could
-- take away would be missed for longer than a minute.
create unlogged table rates (
  key text collate "C" primary key,
  window_start bigint not null,
  value float8 not null
) with (fillfactor = 50);

-- Which nodes live. Times are the database's own.
create table nodes (
  node text collate "C" primary key,
  alive_until bigint not null
) with (fillfactor = 50);
