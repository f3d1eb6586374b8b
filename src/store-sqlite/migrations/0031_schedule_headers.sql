-- What is sent with each delivery of the messages of a schedule, as JSON.
alter table schedules add column headers text;
