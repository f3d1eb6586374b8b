-- What listeners became, and when: at most a thousand each, as long as messages are kept.
create table liveness_changes (
  listener_id text not null,
  changed_at integer not null,
  from_state text not null,
  state text not null,
  message text,
  primary key (listener_id, changed_at)
) strict, without rowid;

create index liveness_changes_time on liveness_changes (changed_at);
