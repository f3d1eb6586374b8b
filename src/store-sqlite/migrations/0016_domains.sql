create table domains (
  id text primary key,
  organization_id text not null,
  name text not null,
  hostname text not null,
  port integer not null,
  challenge text not null,
  verified_at integer,
  created_at integer not null,
  updated_at integer not null,
  revision integer not null default 1
) strict, without rowid;

create unique index domains_name on domains (organization_id, name);
create index domains_organization on domains (organization_id, id);
create index domains_place on domains (organization_id, hostname, port);
