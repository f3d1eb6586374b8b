-- The schedules of an organization, the newest first; their number is found by it as well.
create index schedules_newest on schedules (organization_id, id);
drop index schedules_organization;
