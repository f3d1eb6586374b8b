-- Since when a delivery is leased to somebody who pulled it; its due time is then the end of the lease.
alter table deliveries add column pulled_at integer;

create index deliveries_pulled on deliveries (due_at) where pulled_at is not null;
