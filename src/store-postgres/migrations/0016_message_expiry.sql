-- When a message expires, and what is sent with each of its deliveries; most have neither.
alter table discue.messages add column expires_at bigint;
alter table discue.messages add column headers text collate "C";

-- Messages that expire, until nothing of them waits any more: each is looked at once its time is over, and again where
-- something of it was on its way then.
create table discue.message_expiries (
  organization_id text collate "C" not null,
  look_at bigint not null,
  sequence bigint not null,
  primary key (organization_id, look_at, sequence)
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);

create index message_expiries_look on discue.message_expiries (look_at);

-- A trigger, because messages are removed in many places.
create function discue.forget_message_expiry() returns trigger language plpgsql as $$
begin
  delete from discue.message_expiries
   where organization_id = old.organization_id and look_at = old.expires_at and sequence = old.sequence;
  return null;
end $$;

create trigger message_expiries_gone after delete on discue.messages
  for each row when (old.expires_at is not null) execute function discue.forget_message_expiry();

-- Deliveries that ended without being delivered or missed, with the reason, as long as their messages are there.
create table discue.delivery_discards (
  organization_id text collate "C" not null,
  sequence bigint not null,
  listener_id text collate "C" not null,
  at bigint not null,
  reason text not null,
  primary key (organization_id, sequence, listener_id)
);

-- Of messages that are gone: for whom they had expired.
alter table discue.discards add column expired text[] collate "C" not null default '{}';
