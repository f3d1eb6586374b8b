-- Organizations take turns with the redeliveries that are under way.
drop index redeliveries_running;
create index redeliveries_running on redeliveries (organization_id, id) where ended_at is null;
