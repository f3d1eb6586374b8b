-- Of a lease that was extended, the end that its receipt names, by which it is still found.
alter table deliveries add column receipt_until integer;

create index deliveries_extended on deliveries (sequence, listener_id) where receipt_until is not null;
