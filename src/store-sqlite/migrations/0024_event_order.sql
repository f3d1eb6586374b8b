-- Events in the order of commits, for those who follow what happens: whatever the clock said, each has a greater number
-- than the one before. The number is the row's own, and so in the index without being named.
create index event_segments_order on event_segments (organization_id, category);
