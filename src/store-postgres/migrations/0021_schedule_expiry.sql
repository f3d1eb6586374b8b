-- How long after it is made each message of a schedule expires.
alter table discue.schedules add column expires_in_ms bigint;
