create table answers (
  number integer primary key,
  organization_id text not null,
  target text not null,
  key text not null,
  digest text not null,
  status integer not null,
  body text not null,
  stored_at integer not null,
  expires_at integer not null
) strict;

create unique index answers_key on answers (organization_id, target, key);

alter table organizations add column revision integer not null default 1;
alter table api_keys add column revision integer not null default 1;
alter table listeners add column revision integer not null default 1;
alter table messages add column revision integer not null default 1;

create table message_marks (
  queue_id text not null,
  below_id text not null,
  messages integer not null,
  primary key (queue_id, below_id)
) strict, without rowid;

-- What is there already, in blocks of 1,024; the newest block of a queue stays open.
insert into message_marks (queue_id, below_id, messages)
select queue_id, id, 1024 from (
  select queue_id, id, row_number() over (partition by queue_id order by id) as position from messages
) where position > 1 and position % 1024 = 1;
