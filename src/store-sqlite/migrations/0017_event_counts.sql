-- How many events each segment holds, in the index by which it is found: so a listing can pass over many of them.
alter table event_segments add column events integer not null default 0;

-- A line that begins with a sign is an event, any other says where those below it belong.
update event_segments set events = (
  select sum(length(char(10) || entries) - length(replace(char(10) || entries, char(10) || sign, ''))) / 2
    from (select '+' as sign union all select '*' union all select '-' union all select '.' union all select '!'));

drop index event_segments_place;
create index event_segments_place on event_segments (organization_id, category, stored_at, segment, events);
