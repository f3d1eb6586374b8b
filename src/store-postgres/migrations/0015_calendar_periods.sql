-- A calendar period that says when a schedule is due (ISO 8601); every_ms, of which the check of the table wants one, is 0 then.
alter table schedules add column period text;
