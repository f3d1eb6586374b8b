-- What is longer than some 2 kB is compressed by the commit that stores it. By LZ4 that takes a quarter of the time; a
-- server that was built without it goes on as before.
do $$ begin
  alter table messages alter column data set compression lz4;
  alter table event_segments alter column entries set compression lz4;
exception when feature_not_supported then
  null;
end $$;
