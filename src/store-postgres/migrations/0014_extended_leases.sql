-- Of a lease that was extended, the end that its receipt names, by which it is still found.
alter table discue.deliveries add column receipt_until bigint;

create index deliveries_extended on discue.deliveries (sequence, listener_id) where receipt_until is not null;
