-- How many events each segment holds, in the index by which it is found: so a listing can pass over many of them.
-- A line that begins with a sign is an event, any other says where those below it belong. The database counts them
-- itself, for while nodes of two versions run, those of the older one write segments as well.
alter table event_segments add column events integer not null generated always as (
  (length(E'\n' || entries) * 5
    - length(replace(E'\n' || entries, E'\n+', '')) - length(replace(E'\n' || entries, E'\n*', ''))
    - length(replace(E'\n' || entries, E'\n-', '')) - length(replace(E'\n' || entries, E'\n.', ''))
    - length(replace(E'\n' || entries, E'\n!', ''))) / 2) stored;

alter table event_segments drop constraint event_segments_pkey;
alter table event_segments add primary key (organization_id, category, stored_at, segment) include (events);
