-- How long after it is made each message of a schedule expires.
alter table schedules add column expires_in_ms integer;
