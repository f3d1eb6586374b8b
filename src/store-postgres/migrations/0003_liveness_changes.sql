-- What listeners became, and when: at most a thousand each, as long as messages are kept.
create table liveness_changes (
  organization_id text collate "C" not null,
  listener_id text collate "C" not null,
  changed_at bigint not null,
  from_state text not null,
  state text not null,
  message text,
  primary key (organization_id, listener_id, changed_at)
);

create index liveness_changes_time on liveness_changes (changed_at);
