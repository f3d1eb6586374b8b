-- When a message expires, and what is sent with each of its deliveries; most have neither.
alter table messages add column expires_at integer;
alter table messages add column headers text;

-- Messages that expire, until nothing of them waits any more: each is looked at once its time is over, and again where
-- something of it was on its way then.
create table message_expiries (
  organization_id text not null,
  look_at integer not null,
  sequence integer not null,
  primary key (organization_id, look_at, sequence)
) strict, without rowid;

create index message_expiries_look on message_expiries (look_at);

-- A trigger, because messages are removed in many places.
create trigger message_expiries_gone after delete on messages when old.expires_at is not null
begin
  delete from message_expiries
   where organization_id = old.organization_id and look_at = old.expires_at and sequence = old.sequence;
end;

-- Deliveries that ended without being delivered or missed, with the reason, as long as their messages are there.
create table delivery_discards (
  sequence integer not null,
  listener_id text not null,
  at integer not null,
  reason text not null,
  primary key (sequence, listener_id)
) strict, without rowid;

-- Of messages that are gone: for whom they had expired. A JSON array of listeners.
alter table discards add column expired text not null default '[]';
