-- Of the messages of a schedule, as theirs.
alter table discue.schedules add column media_type text collate "C";
