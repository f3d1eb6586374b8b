create table organizations (
  id text primary key,
  name text not null unique,
  root integer not null,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create unique index organizations_root on organizations (root) where root = 1;

create table api_keys (
  id text primary key,
  organization_id text not null,
  name text,
  digest text not null unique,
  prefix text not null,
  status text not null check (status in ('enabled', 'disabled')),
  scopes text,
  owner integer not null,
  created_at integer not null,
  updated_at integer not null,
  last_used_at integer
) strict, without rowid;

create unique index api_keys_name on api_keys (organization_id, name) where name is not null;
create index api_keys_organization on api_keys (organization_id, id);

create table queues (
  id text primary key,
  organization_id text not null,
  name text not null,
  version integer not null,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create unique index queues_name on queues (organization_id, name);
create index queues_organization on queues (organization_id, id);

create table listeners (
  id text primary key,
  organization_id text not null,
  queue_id text not null,
  name text not null,
  notify_url text not null,
  liveness_url text,
  secret text not null,
  settings text not null,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create unique index listeners_name on listeners (queue_id, name);
create index listeners_organization on listeners (organization_id, id);

create table listener_figures (
  listener_id text primary key,
  pending integer not null,
  acknowledged integer not null,
  missed integer not null,
  last_success_at integer,
  last_failure_at integer
) strict, without rowid;

create table messages (
  sequence integer primary key,
  id text not null,
  organization_id text not null,
  queue_id text not null,
  name text,
  data text not null,
  created_at integer not null,
  deliver_at integer not null,
  fan_out integer not null
) strict;

create unique index messages_queue on messages (queue_id, id);

create table deliveries (
  listener_id text not null,
  due_at integer not null,
  sequence integer not null,
  attempts integer not null,
  first_sent_at integer,
  moved integer not null,
  primary key (listener_id, due_at, sequence)
) strict, without rowid;

create index deliveries_moved on deliveries (sequence) where moved = 1;

create table attempts (
  sequence integer not null,
  listener_id text not null,
  number integer not null,
  started_at integer not null,
  duration_ms integer not null,
  status integer,
  error text,
  response text not null,
  primary key (sequence, listener_id, number)
) strict, without rowid;

create table missed (
  sequence integer not null,
  listener_id text not null,
  at integer not null,
  reason text not null,
  primary key (sequence, listener_id)
) strict, without rowid;

create index missed_listener on missed (listener_id, sequence);

create table removals (
  kind text not null check (kind in ('listener', 'queue')),
  id text not null,
  primary key (kind, id)
) strict, without rowid;

create table notes (
  name text primary key,
  value text not null
) strict, without rowid;
