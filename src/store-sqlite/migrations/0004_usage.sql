create table event_segments (
  segment integer primary key,
  organization_id text not null,
  category text not null,
  stored_at integer not null,
  entries text not null
) strict;

create index event_segments_place on event_segments (organization_id, category, stored_at);

create table stats (
  bucket integer not null,
  organization_id text not null,
  subject_id text not null,
  listener_id text not null,
  api_key_added integer not null default 0,
  api_key_updated integer not null default 0,
  api_key_deleted integer not null default 0,
  queue_added integer not null default 0,
  queue_updated integer not null default 0,
  queue_deleted integer not null default 0,
  listener_added integer not null default 0,
  listener_updated integer not null default 0,
  listener_deleted integer not null default 0,
  message_added integer not null default 0,
  message_published_ok integer not null default 0,
  message_published_not_ok integer not null default 0,
  latencies blob,
  primary key (bucket, organization_id, subject_id, listener_id)
) strict, without rowid;
