-- The one transaction of the hot path. It is written for the case in which everything in the batch still holds: what
-- follows from it (counts, events) was worked out before by the caller. Where something does not hold, all is undone,
-- and the error XD001 tells in its detail what was refused, so that the caller comes again without it. A column that
-- says nothing (of no rows, or with nothing but nulls or falsehoods) comes as null: an entry of null is null, and null
-- is what there is to read of its array.
create or replace function discue.commit_batch(
  p_node text, p_now bigint, p_bucket bigint, p_first_lease bigint,
  p_lock_number int[],
  p_queue_organization text[], p_queue_id text[], p_queue_version int[],
  p_recipient_set_listeners text[],
  p_accept_queue int[], p_accept_size int[], p_accept_at bigint[], p_accept_answer int[], p_accept_steps text[],
  p_answer_target text[], p_answer_key text[], p_answer_digest text[], p_answer_status int[], p_answer_body text[],
  p_answer_stored_at bigint[], p_answer_expires_at bigint[],
  p_message_queue int[], p_message_id text[], p_message_name text[], p_message_key text[], p_message_data text[],
  p_message_created_at bigint[], p_message_deliver_at bigint[], p_message_expires_at bigint[], p_message_headers text[],
  p_message_media_type text[], p_message_left_out text[],
  p_delivery_message int[], p_delivery_listener text[], p_delivery_leased boolean[], p_delivery_ordered boolean[],
  p_delivery_key text[],
  p_listener_organization text[], p_listener_id text[], p_listener_ordered boolean[],
  p_settled_listener int[], p_settled_due_at bigint[], p_settled_sequence bigint[], p_settled_lease bigint[],
  p_settled_pulled boolean[], p_settled_of_run int[], p_settled_next_due_at bigint[], p_settled_next_before int[],
  p_settled_first_sent_at bigint[], p_settled_missed_at bigint[], p_settled_reason text[],
  p_attempt_number int[], p_attempt_started_at bigint[], p_attempt_duration_ms int[], p_attempt_status int[],
  p_attempt_error text[], p_attempt_response text[],
  p_change_organization text[], p_change_subject text[], p_change_listener text[], p_change_pending int[],
  p_change_acknowledged int[], p_change_missed int[], p_change_success_at bigint[], p_change_failure_at bigint[],
  p_change_added int[], p_change_ok int[], p_change_not_ok int[], p_change_latencies text[],
  p_segment_organization text[], p_segment_events int[], p_segment_entries text[],
  p_key_id text[], p_key_used_at bigint[],
  -- By message; by delivery, where any is ordered: its number and whether it is held; by settlement: when something that
  -- waited for it is due.
  out sequences bigint[], out numbers bigint[], out held boolean[], out next_due_at bigint[]
)
-- Every statement is planned once a connection: to plan them anew for each batch took a third of its time. A plan that was
-- made while a table was empty must therefore not read all of it when it no longer is. No scans and joins of whole tables
-- are allowed; and what is looked up for each entry of an array says `= any(array[…])` of its first column. That is an
-- equality which no planner takes for an order of the index, so that it can only go from the entry to the row, whatever it
-- believes of the table, and never through the table to the entries.
-- (The connection allows none; said here again, each would be set and put back with each commit.)
language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  v_lock int;
  v_stale int[];
  v_unknown int[];
  v_counted boolean;
  -- Of each accept: `accepted` as long as nothing stands against it, else what does, as `AcceptResult` and `MessageQuota` say.
  c_accepted constant text := 'accepted';
  v_outcomes text[] := '{}';
  v_usage jsonb := '{}';
  v_dead text[];
  v_ordered text[] := '{}';
  v_blocking text[] := '{}';
  v_delivery record;
  v_listener text := '';
  v_number bigint;
  v_settled int[] := '{}';
  v_anew int[] := '{}';
  v_sequences bigint[];
  v_organization text;
  v_of jsonb;
  v_answer int;
  v_step jsonb;
  v_counts jsonb;
  v_limit text;
  v_values bigint[];
begin
  -- Shared with other commits; a transaction that changes or deletes a queue, or its listeners, takes its lock alone.
  -- What is read below is therefore true until the commit. Locked in the order of the numbers, so that commits do not
  -- wait in a circle.
  foreach v_lock in array coalesce(p_lock_number, '{}') loop
    perform pg_advisory_xact_lock_shared(1685283702, v_lock);
  end loop;

  if cardinality(p_accept_queue) > 0 then
    -- Before limits are read: a transaction that begins to count an organization's messages keeps commits out of the
    -- table.
    lock table discue.messages in row exclusive mode;
    select array(
             select n::int from generate_series(1, cardinality(p_queue_id)) n
              where p_queue_version[n] is distinct from (
                select q.version from discue.queues q where q.organization_id = p_queue_organization[n] and q.id = p_queue_id[n]
                   and exists (select 1 from discue.organizations o where o.id = p_queue_organization[n]))),
           -- What is not there yet. One that is there stays: only those of earlier versions are ever forgotten.
           array(
             select n::int from generate_series(1, cardinality(p_queue_id)) n
              where not exists (select 1 from discue.audiences a where a.organization_id = any(array[p_queue_organization[n]])
                                   and a.queue_id = p_queue_id[n] and a.version = p_queue_version[n])),
           exists (select 1 from discue.message_usage u where u.organization_id = any(p_queue_organization))
      into v_stale, v_unknown, v_counted;
    v_outcomes := array_fill(c_accepted, array[cardinality(p_accept_queue)]);
    if v_stale <> '{}' then
      v_outcomes := array(
        select case when p_accept_queue[n] = any(v_stale) then 'stale' else c_accepted end
          from generate_series(1, cardinality(p_accept_queue)) n order by n);
    end if;

    if v_counted then
      select coalesce(jsonb_object_agg(l.organization_id, l.usage), '{}') into v_usage
        from (select u.organization_id, jsonb_build_object('stored', u.stored, 'day', u.day, 'accepted', u.accepted,
                       'storedMessages', o.limits -> 'storedMessages',
                       'messagesPerDay', o.limits -> 'messagesPerDay') as usage
                from discue.message_usage u join discue.organizations o on o.id = u.organization_id
               where u.organization_id = any(p_queue_organization)
               order by u.organization_id for update of u) l;
    end if;

    if v_usage <> '{}' or cardinality(p_answer_key) > 0 or array_to_string(p_accept_steps, '') <> '' then
      v_values := array_fill(0::bigint, array[cardinality(v_outcomes)]);
      for i in 1 .. cardinality(v_outcomes) loop
        continue when v_outcomes[i] <> c_accepted;
        v_organization := p_queue_organization[p_accept_queue[i]];
        v_answer := p_accept_answer[i];
        if v_answer > 0 then
          insert into discue.answers as a (organization_id, target, key, digest, status, body, stored_at, expires_at)
          values (v_organization, p_answer_target[v_answer], p_answer_key[v_answer], p_answer_digest[v_answer],
                  p_answer_status[v_answer], p_answer_body[v_answer], p_answer_stored_at[v_answer],
                  p_answer_expires_at[v_answer])
          on conflict (organization_id, target, key) do update
             set digest = excluded.digest, status = excluded.status, body = excluded.body,
                 stored_at = excluded.stored_at, expires_at = excluded.expires_at
           where a.expires_at <= excluded.stored_at;
          if not found then
            v_outcomes[i] := 'answered';
            continue;
          end if;
        end if;
        if p_accept_steps[i] is not null then
          -- Each that was taken before one that is refused is undone with everything else.
          for v_step in select s.value from jsonb_array_elements(p_accept_steps[i]::jsonb) s loop
            if not discue.schedule_step(v_step) then
              v_outcomes[i] := 'passed';
            end if;
          end loop;
          continue when v_outcomes[i] <> c_accepted;
        end if;
        v_of := v_usage -> v_organization;
        -- Notifications count against no quota, and have no size here.
        continue when v_of is null or coalesce(p_accept_size[i], 0) = 0;
        select c.usage, c.refused into v_counts, v_limit from discue.count_accepted(v_of, p_accept_at[i], p_accept_size[i]) c;
        v_usage := jsonb_set(v_usage, array[v_organization], v_counts);
        if v_limit is not null then
          v_outcomes[i] := v_limit;
          v_values[i] := (v_of ->> v_limit)::bigint;
          if v_answer > 0 then
            delete from discue.answers a where a.organization_id = v_organization and a.target = p_answer_target[v_answer]
               and a.key = p_answer_key[v_answer];
          end if;
        end if;
      end loop;
    end if;
  end if;

  -- A transaction that decides about an order has its lock, in one order for all. Before sequences are drawn, so that
  -- they follow the numbers.
  if true = any(p_listener_ordered) then
    insert into discue.order_counters (organization_id, listener_id, last_number)
    select p_listener_organization[n], p_listener_id[n], 0
      from generate_series(1, cardinality(p_listener_id)) n where p_listener_ordered[n] order by n
    on conflict (organization_id, listener_id) do nothing;
  end if;
  if cardinality(p_listener_id) > 0 then
    select array(
             select p_listener_id[n] from generate_series(1, cardinality(p_listener_id)) n
              where not exists (select 1 from discue.listeners l join discue.organizations o on o.id = any(array[l.organization_id])
                                 where l.organization_id = any(array[p_listener_organization[n]])
                                   and l.id = p_listener_id[n])),
           exists (select 1 from generate_series(1, cardinality(p_listener_id)) n
                     join discue.order_counters c on c.organization_id = any(array[p_listener_organization[n]])
                                          and c.listener_id = p_listener_id[n])
      into v_dead, v_counted;
    if v_counted then
      v_ordered := array(
        select l.listener_id
          from (select c.listener_id from generate_series(1, cardinality(p_listener_id)) n
                  join discue.order_counters c on c.organization_id = any(array[p_listener_organization[n]])
                                       and c.listener_id = p_listener_id[n]
                 order by n for update of c) l);
    end if;
  end if;

  if cardinality(p_settled_sequence) > 0 then
    -- The lease is this node's, by its number; or a client's that pulled (`pull`), by when it ends and which attempt it is.
    -- What becomes of the row is decided in core/delivery/settlement.ts: it ends where there is no next due time. Of a row of
    -- another run than it was judged by, the caller learns (`anew`), and says the next time what becomes of that one.
    with gone as (
      delete from discue.deliveries d using generate_series(1, cardinality(p_settled_sequence)) n
       where p_settled_next_due_at[n] is null
         and d.organization_id = any(array[p_listener_organization[p_settled_listener[n]]])
           and d.listener_id = p_listener_id[p_settled_listener[n]]
         and d.due_at = p_settled_due_at[n] and d.sequence = p_settled_sequence[n]
         and d.lease_node = case when p_settled_pulled[n] then 'pull' else p_node end and d.lease = p_settled_lease[n]
         and (p_settled_pulled[n] is not true or d.attempts = p_attempt_number[n] - 1)
         and (p_settled_of_run[n] is null or d.attempts_before = p_settled_of_run[n])
         and p_listener_id[p_settled_listener[n]] <> all(v_dead)
      returning n
    )
    select array(select n from gone) into v_settled;
    if cardinality(v_settled) < cardinality(p_settled_sequence) then
      with moved as (
        update discue.deliveries d
           set due_at = p_settled_next_due_at[n], attempts = p_attempt_number[n],
               attempts_before = p_settled_next_before[n],
               first_sent_at = p_settled_first_sent_at[n], moved = true, pulled_at = null, lease_node = null, lease = null
          from generate_series(1, cardinality(p_settled_sequence)) n
         where p_settled_next_due_at[n] is not null
           and d.organization_id = any(array[p_listener_organization[p_settled_listener[n]]])
           and d.listener_id = p_listener_id[p_settled_listener[n]]
           and d.due_at = p_settled_due_at[n] and d.sequence = p_settled_sequence[n]
           and d.lease_node = case when p_settled_pulled[n] then 'pull' else p_node end and d.lease = p_settled_lease[n]
           and (p_settled_pulled[n] is not true or d.attempts = p_attempt_number[n] - 1)
           and (p_settled_of_run[n] is null or d.attempts_before = p_settled_of_run[n])
           and p_listener_id[p_settled_listener[n]] <> all(v_dead)
        returning n
      )
      select v_settled || array(select n from moved) into v_settled;
    end if;
    if cardinality(v_settled) < cardinality(p_settled_sequence) then
      v_anew := array(
        select n from generate_series(1, cardinality(p_settled_sequence)) n
          join discue.deliveries d on d.organization_id = any(array[p_listener_organization[p_settled_listener[n]]])
               and d.listener_id = p_listener_id[p_settled_listener[n]] and d.due_at = p_settled_due_at[n]
               and d.sequence = p_settled_sequence[n]
               and d.lease_node = case when p_settled_pulled[n] then 'pull' else p_node end and d.lease = p_settled_lease[n]
               and (p_settled_pulled[n] is not true or d.attempts = p_attempt_number[n] - 1)
         where d.attempts_before <> p_settled_of_run[n]
           and p_listener_id[p_settled_listener[n]] <> all(v_dead));
    end if;
  end if;

  if c_accepted <> any(v_outcomes) or cardinality(v_settled) < cardinality(p_settled_sequence) then
    raise exception 'refused' using errcode = 'XD001',
      detail = json_build_object('outcomes', v_outcomes, 'values', v_values, 'settled', v_settled, 'anew', v_anew)::text;
  end if;

  if v_usage <> '{}' then
    update discue.message_usage u
       set stored = (c.value ->> 'stored')::bigint, day = (c.value ->> 'day')::bigint,
           accepted = (c.value ->> 'accepted')::bigint
      from jsonb_each(v_usage) c where u.organization_id = c.key;
  end if;

  v_sequences := array(select nextval('discue.message_sequence') from generate_series(1, cardinality(p_message_id)));
  if cardinality(v_sequences) > 0 then
    if v_unknown <> '{}' then
      insert into discue.audiences (organization_id, queue_id, version, first_sequence, listener_ids)
      select p_queue_organization[n], p_queue_id[n], p_queue_version[n], v_sequences[1],
             -- In the order by which a message says whom it leaves out.
             coalesce(p_recipient_set_listeners[n]::text[], array(
               select l.id from discue.listeners l
                where l.organization_id = any(array[p_queue_organization[n]]) and l.queue_id = p_queue_id[n] order by l.id))
        from unnest(v_unknown) n
      on conflict (organization_id, queue_id, version) do nothing;
    end if;
    insert into discue.messages
      (organization_id, queue_id, id, sequence, name, key, data, created_at, deliver_at, audience, expires_at, headers,
       media_type, left_out)
    select p_queue_organization[p_message_queue[n]], p_queue_id[p_message_queue[n]], p_message_id[n], v_sequences[n],
           p_message_name[n], p_message_key[n], p_message_data[n], p_message_created_at[n], p_message_deliver_at[n],
           p_queue_version[p_message_queue[n]], p_message_expires_at[n], p_message_headers[n],
           p_message_media_type[n], decode(p_message_left_out[n], 'hex')
      from generate_series(1, cardinality(p_message_id)) n;
    if p_message_expires_at is not null then
      insert into discue.message_expiries (organization_id, look_at, sequence)
      select p_queue_organization[p_message_queue[n]], p_message_expires_at[n], v_sequences[n]
        from generate_series(1, cardinality(p_message_id)) n where p_message_expires_at[n] is not null;
    end if;
    if true = any(p_delivery_ordered) then
      numbers := array_fill(0::bigint, array[cardinality(p_delivery_message)]);
      held := array_fill(false, array[cardinality(p_delivery_message)]);
      for v_delivery in
        select n, p_queue_organization[p_message_queue[p_delivery_message[n]]] as organization,
               p_delivery_listener[n] as listener, p_delivery_key[n] as key, v_sequences[p_delivery_message[n]] as sequence
          from generate_series(1, cardinality(p_delivery_message)) n
         where p_delivery_ordered[n] order by 3, n
      loop
        if v_delivery.listener <> v_listener then
          v_listener := v_delivery.listener;
          select c.last_number into v_number from discue.order_counters c
           where c.organization_id = v_delivery.organization and c.listener_id = v_listener;
        end if;
        v_number := v_number + 1;
        numbers[v_delivery.n] := v_number;
        insert into discue.order_places (organization_id, sequence, listener_id, number, key)
        values (v_delivery.organization, v_delivery.sequence, v_listener, v_number, v_delivery.key);
        continue when v_delivery.key is null;
        insert into discue.order_heads (organization_id, listener_id, key, sequence, blocked)
        values (v_delivery.organization, v_listener, v_delivery.key, v_delivery.sequence, false)
        on conflict (organization_id, listener_id, key) do nothing;
        if not found then
          held[v_delivery.n] := true;
          insert into discue.held (organization_id, listener_id, key, sequence)
          values (v_delivery.organization, v_listener, v_delivery.key, v_delivery.sequence);
        end if;
      end loop;
      update discue.order_counters c set last_number = u.last_number
        from (select p_queue_organization[p_message_queue[p_delivery_message[n]]] as organization,
                     p_delivery_listener[n] as listener, max(numbers[n]) as last_number
                from generate_series(1, cardinality(p_delivery_message)) n
               where numbers[n] > 0 group by 1, 2) u
       where c.organization_id = any(array[u.organization]) and c.listener_id = u.listener;
    end if;

    insert into discue.deliveries
      (organization_id, listener_id, due_at, sequence, attempts, attempts_before, first_sent_at, moved, lease_node, lease)
    select p_queue_organization[p_message_queue[p_delivery_message[n]]], p_delivery_listener[n],
           p_message_deliver_at[p_delivery_message[n]], v_sequences[p_delivery_message[n]], 0, 0, null, false,
           case when p_delivery_leased[n] then p_node end, case when p_delivery_leased[n] then p_first_lease + n - 1 end
      from generate_series(1, cardinality(p_delivery_message)) n
     where held is null or not held[n];
  end if;

  if cardinality(p_settled_sequence) > 0 then
    insert into discue.attempts
      (organization_id, sequence, listener_id, number, started_at, duration_ms, status, error, response)
    select p_listener_organization[p_settled_listener[n]], p_settled_sequence[n], p_listener_id[p_settled_listener[n]],
           p_attempt_number[n], p_attempt_started_at[n], p_attempt_duration_ms[n], p_attempt_status[n],
           p_attempt_error[n], p_attempt_response[n]
      from generate_series(1, cardinality(p_settled_sequence)) n;
    if cardinality(p_settled_missed_at) > 0 then
      insert into discue.missed (organization_id, sequence, listener_id, at, reason)
      select p_listener_organization[p_settled_listener[n]], p_settled_sequence[n],
             p_listener_id[p_settled_listener[n]], p_settled_missed_at[n], p_settled_reason[n]
        from generate_series(1, cardinality(p_settled_sequence)) n
       where p_settled_missed_at[n] is not null;
    end if;
    if v_ordered <> '{}' then
      next_due_at := array_fill(null::bigint, array[cardinality(p_settled_sequence)]);
      -- What the listener wants when its settlement is written is what counts.
      v_blocking := array(
        select l.id from unnest(p_listener_organization, p_listener_id) u(organization, listener)
          join discue.listeners l on l.organization_id = any(array[u.organization]) and l.id = u.listener
         where l.settings ->> 'onMissed' = 'block');
      for i in 1 .. cardinality(p_settled_sequence) loop
        v_organization := p_listener_organization[p_settled_listener[i]];
        v_listener := p_listener_id[p_settled_listener[i]];
        continue when p_settled_next_due_at[i] is not null or v_listener <> all(v_ordered);
        if p_settled_missed_at[i] is null or v_listener <> all(v_blocking) then
          next_due_at[i] := discue.order_leave(v_organization, v_listener, p_settled_sequence[i], p_now);
        else
          perform discue.order_block(v_organization, v_listener, p_settled_sequence[i]);
        end if;
      end loop;
    end if;
  end if;

  insert into discue.usage_changes
    (organization_id, subject_id, listener_id, bucket, pending, acknowledged, missed, last_success_at,
     last_failure_at, added, ok, not_ok, latencies)
  select p_change_organization[n], p_change_subject[n], p_change_listener[n], p_bucket, p_change_pending[n],
         p_change_acknowledged[n], p_change_missed[n], p_change_success_at[n], p_change_failure_at[n],
         p_change_added[n], p_change_ok[n], p_change_not_ok[n], p_change_latencies[n]::bigint[]
    from generate_series(1, cardinality(p_change_subject)) n;

  insert into discue.event_segments (organization_id, category, stored_at, segment, events, entries)
  select p_segment_organization[n], 'messages', p_now, nextval('discue.event_segment'), p_segment_events[n], p_segment_entries[n]
    from generate_series(1, cardinality(p_segment_organization)) n;

  if cardinality(p_key_id) > 0 then
    update discue.api_keys k set last_used_at = u.used_at
      from unnest(p_key_id, p_key_used_at) u(id, used_at)
     where k.id = any(array[u.id]) and (k.last_used_at is null or k.last_used_at < u.used_at);
  end if;

  sequences := v_sequences;
end $$
