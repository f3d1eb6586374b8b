-- For whom a message was accepted. A queue's newest audience is that of its next message, until a listener comes or
-- goes; each holds from its first message to that of the one after it.
create table audiences (
  id integer primary key,
  queue_id text not null,
  first_sequence integer not null,
  listener_ids text not null
) strict;

create index audiences_queue on audiences (queue_id, first_sequence);

-- Of older messages the rows tell whom they were for: a listener that still exists has one in one of these tables.
create temp table pairs (
  sequence integer not null,
  listener_id text not null,
  primary key (sequence, listener_id)
) without rowid;

insert into pairs
select sequence, listener_id from deliveries
union select sequence, listener_id from attempts
union select sequence, listener_id from missed;

create temp table lists as
select m.sequence, m.queue_id,
       (select json_group_array(p.listener_id order by p.listener_id) from pairs p where p.sequence = m.sequence) as ids
  from messages m;

insert into audiences (queue_id, first_sequence, listener_ids)
select queue_id, sequence, ids from
  (select sequence, queue_id, ids, lag(ids) over (partition by queue_id order by sequence) as before from lists)
 where before is null or before <> ids
 order by sequence;

-- Copied, so that what is read of millions of messages at a time comes before the data, which may be large.
create table messages_with_audience (
  sequence integer primary key,
  id text not null,
  organization_id text not null,
  queue_id text not null,
  audience integer not null,
  created_at integer not null,
  deliver_at integer not null,
  revision integer not null default 1,
  name text,
  key text,
  data text not null
) strict;

insert into messages_with_audience
  (sequence, id, organization_id, queue_id, audience, created_at, deliver_at, revision, name, key, data)
select m.sequence, m.id, m.organization_id, m.queue_id,
       (select a.id from audiences a where a.queue_id = m.queue_id and a.first_sequence <= m.sequence
         order by a.first_sequence desc limit 1),
       m.created_at, m.deliver_at, m.revision, m.name, m.key, m.data
  from messages m order by m.sequence;

drop table messages;
alter table messages_with_audience rename to messages;
create unique index messages_queue on messages (queue_id, id);

create trigger message_usage_removed after delete on messages begin
  update message_usage set stored = stored - 1 where organization_id = old.organization_id;
end;

drop table pairs;
drop table lists;

-- Attempts of earlier runs: a redelivery starts the retry policy anew, while attempts keep counting up.
alter table deliveries add column attempts_before integer not null default 0;
