-- The schedules of an organization, the newest first.
create index schedules_newest on discue.schedules (organization_id, id);
