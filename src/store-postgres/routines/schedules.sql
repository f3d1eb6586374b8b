-- Whether a delivery of the message that a schedule made last is pending: by its message's own time where it never
-- moved, moved, or waiting for its turn in an order. Only for listeners that still exist.
create or replace function discue.message_before_pending(p_organization text, p_schedule text) returns boolean
language plpgsql set enable_seqscan = off as $$
declare
  v_queue text;
  v_deliver_at bigint;
  v_sequence bigint;
begin
  select m.queue_id, m.deliver_at, m.sequence into v_queue, v_deliver_at, v_sequence
    from discue.schedule_progress p
    join discue.schedules s on s.organization_id = p.organization_id and s.id = p.schedule_id
    join discue.messages m on m.organization_id = p.organization_id and m.queue_id = s.queue_id and m.id = p.last_message_id
   where p.organization_id = p_organization and p.schedule_id = p_schedule;
  if not found then
    return false;
  end if;
  return exists (select 1 from discue.listeners l
                   join discue.deliveries d on d.organization_id = p_organization and d.listener_id = l.id
                        and d.due_at = v_deliver_at and d.sequence = v_sequence
                  where l.organization_id = p_organization and l.queue_id = v_queue and not d.moved)
      or exists (select 1 from discue.deliveries d
                   join discue.listeners l on l.organization_id = p_organization and l.id = d.listener_id
                  where d.sequence = v_sequence and d.moved)
      or exists (select 1 from discue.order_places o
                   join discue.held h on h.organization_id = p_organization and h.listener_id = o.listener_id
                        and h.key = o.key and h.sequence = o.sequence
                   join discue.listeners l on l.organization_id = p_organization and l.id = h.listener_id
                  where o.organization_id = p_organization and o.sequence = v_sequence);
end $$;

-- Takes a step of a schedule, where the schedule's revision is the expected one, and the message before is what it should
-- be; false: it is not, and nothing is written. The lock on its row is what makes each due time count once, whichever node tries it; the key of
-- `schedule_runs` sees to it.
create or replace function discue.schedule_step(p_step jsonb) returns boolean
language plpgsql set enable_seqscan = off as $$
declare
  v_organization text;
begin
  if p_step ->> 'messageBefore' is not null then
    select p.organization_id into v_organization from discue.schedule_progress p
     where p.schedule_id = p_step ->> 'scheduleId' for update;
    if discue.message_before_pending(v_organization, p_step ->> 'scheduleId') <> (p_step ->> 'messageBefore' = 'pending') then
      return false;
    end if;
  end if;
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
