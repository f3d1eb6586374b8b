-- Counts messages of an organization that are accepted together, at `p_at`; or names the limit that leaves no room for all of
-- them, and counts nothing. `p_usage` holds what is counted (`stored`, `day`, `accepted`) and the limits by their names, null
-- for none. As `countAccepted` of core/telemetry/message-usage.ts does; both are held to one table of cases.
create or replace function discue.count_accepted(
  p_usage jsonb, p_at bigint, p_messages int, out usage jsonb, out refused text
) language plpgsql immutable as $$
declare
  c_day_ms constant bigint := 86400000;
  v_day bigint := floor(p_at::numeric / c_day_ms);
  v_of_day bigint := (p_usage ->> 'day')::bigint;
  v_stored bigint := (p_usage ->> 'stored')::bigint;
  v_accepted bigint := (p_usage ->> 'accepted')::bigint;
begin
  if v_day = v_of_day or v_day = v_of_day - 1 then
    v_day := v_of_day;
  else
    v_accepted := 0;
  end if;
  refused := case when v_stored + p_messages > (p_usage ->> 'storedMessages')::bigint then 'storedMessages'
                  when v_accepted + p_messages > (p_usage ->> 'messagesPerDay')::bigint then 'messagesPerDay' end;
  if refused is null then
    v_stored := v_stored + p_messages;
    v_accepted := v_accepted + p_messages;
  end if;
  usage := p_usage || jsonb_build_object('stored', v_stored, 'day', v_day, 'accepted', v_accepted);
end $$;
