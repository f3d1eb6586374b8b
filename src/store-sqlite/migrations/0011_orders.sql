-- Of listeners that have or had an order: the number of the last message that they were given a place for.
create table order_counters (
  listener_id text primary key,
  last_number integer not null
) strict, without rowid;

-- A message's place among those of a listener, as it was decided at its acceptance. Without a key it is outside of the
-- order, and only counted; the key is empty where the whole queue is one order.
create table order_places (
  sequence integer not null,
  listener_id text not null,
  number integer not null,
  key text,
  primary key (sequence, listener_id)
) strict, without rowid;

-- Whose turn it is. Blocked: it was missed, and the others wait until somebody has seen to it.
create table order_heads (
  listener_id text not null,
  key text not null,
  sequence integer not null,
  blocked integer not null default 0,
  primary key (listener_id, key)
) strict, without rowid;

create index order_heads_blocked on order_heads (listener_id) where blocked = 1;

-- Pending behind a head: not in `deliveries`, which holds only what may be sent.
create table held (
  listener_id text not null,
  key text not null,
  sequence integer not null,
  primary key (listener_id, key, sequence)
) strict, without rowid;

-- Listeners that go on after a missed message from now on, and whose blocked heads are still to be released.
create table order_releases (
  listener_id text primary key
) strict, without rowid;

create table redeliveries (
  id text primary key,
  organization_id text not null,
  queue_id text not null,
  listener_id text not null,
  since integer not null,
  until integer not null,
  status text,
  last_sequence integer not null,
  after text not null,
  matched integer not null,
  created_at integer not null,
  ended_at integer
) strict, without rowid;

create index redeliveries_running on redeliveries (id) where ended_at is null;
create index redeliveries_listener on redeliveries (listener_id, id);
