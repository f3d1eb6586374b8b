-- What nodes tell each other, beside the notifications: behind a pooler none comes, and nodes look here once a second.
-- By the transaction, because it is not seen in the order of its number: see cluster/change-poller.ts.
create table discue.changes (
  number bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  told_at timestamptz not null default clock_timestamp(),
  payload text not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create index changes_xid on discue.changes (xid);
