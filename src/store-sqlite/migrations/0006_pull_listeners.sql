-- Without a notify_url a listener pulls; SQLite can only loosen a column by copying the table.
create table listeners_of_any_kind (
  id text primary key,
  organization_id text not null,
  queue_id text not null,
  name text not null,
  notify_url text,
  liveness_url text,
  secret text not null,
  settings text not null,
  created_at integer not null,
  updated_at integer not null,
  revision integer not null default 1
) strict, without rowid;

insert into listeners_of_any_kind
  (id, organization_id, queue_id, name, notify_url, liveness_url, secret, settings, created_at, updated_at, revision)
select id, organization_id, queue_id, name, notify_url, liveness_url, secret, settings, created_at, updated_at, revision
  from listeners;
drop table listeners;
alter table listeners_of_any_kind rename to listeners;

create unique index listeners_name on listeners (queue_id, name);
create index listeners_organization on listeners (organization_id, id);
