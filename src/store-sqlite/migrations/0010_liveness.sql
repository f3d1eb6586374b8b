-- How listeners are doing, by their checks or their deliveries; written once a minute, and when a state changes.
create table listener_liveness (
  listener_id text primary key,
  state text not null,
  success_count integer not null,
  last_success_at integer,
  failure_count integer not null,
  last_failure_status integer,
  last_failure_at integer,
  last_failure_msg text
) strict, without rowid;
