alter table listeners add column retired_secrets text not null default '[]';
alter table listeners add column secret_expires_at integer;

-- Only of listeners whose secret was changed within the past day.
create index listeners_secret_expires on listeners (secret_expires_at) where secret_expires_at is not null;
