-- What the books need of messages that are gone, until retention is over: whom they were for, and who had got them.
create table discards (
  sequence integer primary key,
  id text not null,
  queue_id text not null,
  audience integer not null,
  created_at integer not null,
  discarded_at integer not null,
  reason text not null,
  delivered text not null
) strict;

create index discards_time on discards (discarded_at);
create index discards_queue on discards (queue_id);

-- Listeners that were deleted, for as long as there are messages that were accepted for them.
create table removed_listeners (
  id text primary key,
  queue_id text not null,
  name text not null,
  removed_at integer not null
) strict, without rowid;

create index removed_listeners_queue on removed_listeners (queue_id, id);

-- Those that were deleted before anybody noted it.
insert or ignore into removed_listeners (id, queue_id, name, removed_at)
select j.value, a.queue_id, '', 0
  from audiences a cross join json_each(a.listener_ids) j
 where not exists (select 1 from listeners l where l.id = j.value);

create index audiences_first on audiences (first_sequence);
