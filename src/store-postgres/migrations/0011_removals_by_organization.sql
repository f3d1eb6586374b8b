-- Organizations take turns with what was deleted and is still to be removed.
create index removals_turns on discue.removals (organization_id, kind, id);
