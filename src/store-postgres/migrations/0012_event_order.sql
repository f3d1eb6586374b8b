-- Events in the order of commits, for those who follow what happens: the clocks of nodes may differ, the numbers do not.
create index event_segments_order on discue.event_segments (organization_id, category, segment);
