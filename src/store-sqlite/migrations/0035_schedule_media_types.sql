-- Of the messages of a schedule, as theirs.
alter table schedules add column media_type text;
