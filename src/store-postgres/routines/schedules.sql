-- Takes a step of a schedule, where the schedule's revision is the expected one; false: it is not, and nothing is
-- written. The lock on its row is what makes each due time count once, whichever node tries it; the key of
-- `schedule_runs` sees to it.
create or replace function discue.schedule_step(p_step jsonb) returns boolean
language plpgsql set enable_seqscan = off as $$
declare
  v_organization text;
begin
  update discue.schedule_progress p
     set next_at = (p_step ->> 'nextAt')::bigint, passed_at = greatest((p_step ->> 'passedAt')::bigint, p.passed_at),
         run_count = p.run_count + (p_step ->> 'made')::int,
         last_run_at = coalesce((p_step ->> 'lastRunAt')::bigint, p.last_run_at),
         last_message_id = coalesce(p_step ->> 'lastMessageId', p.last_message_id)
   where p.schedule_id = p_step ->> 'scheduleId' and p.revision = (p_step ->> 'revision')::int
     and p.next_at = (p_step ->> 'from')::bigint
  returning p.organization_id into v_organization;
  if not found then
    return false;
  end if;
  insert into discue.schedule_runs (organization_id, schedule_id, due_at, ran_at, message_id, error, skipped_count, first_due_at)
  select v_organization, p_step ->> 'scheduleId', (r.value ->> 'dueAt')::bigint, (r.value ->> 'ranAt')::bigint,
         r.value ->> 'messageId', r.value ->> 'error', (r.value ->> 'skippedCount')::int, (r.value ->> 'firstDueAt')::bigint
    from jsonb_array_elements(p_step -> 'runs') r;
  return true;
end $$;
