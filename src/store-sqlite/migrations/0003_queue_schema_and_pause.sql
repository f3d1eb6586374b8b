alter table queues add column schema text;
alter table queues add column schema_id text;
alter table queues add column paused integer not null default 0;

alter table removals add column organization_id text;
