-- The order of listeners that want one, as core/delivery/listener.ts decides it; both are held to one table of cases.
-- `deliveries` holds only what may be sent: of all messages with one key that is the head, and the rest is held, in the order
-- of acceptance, until the one before is done with. A caller of any of these has locked the listener's row of
-- `order_counters`, so that two nodes never decide at the same time.

-- Puts a pending delivery among those that may be sent; answers with when it is due. One that was never tried is due
-- with its message, one that was tried begins a new run, and now.
create or replace function discue.order_begin_run(
  p_organization text, p_listener text, p_sequence bigint, p_now bigint
) returns bigint language plpgsql set enable_seqscan = off as $$
declare
  v_attempts int;
  v_first_sent_at bigint;
  v_due_at bigint := p_now;
  v_created_at bigint;
  v_moved boolean := true;
begin
  select max(a.number), min(a.started_at) into v_attempts, v_first_sent_at from discue.attempts a
   where a.organization_id = p_organization and a.sequence = p_sequence and a.listener_id = p_listener;
  if v_attempts is null then
    -- By the sequence alone: beside the organization, a planner without statistics takes the primary key for as good.
    select m.deliver_at, m.created_at into v_due_at, v_created_at from discue.messages m where m.sequence = p_sequence;
    -- Accepted for now, by a clock that went back since, which has been noted.
    v_moved := v_due_at > p_now and v_due_at = v_created_at and exists (
      select 1 from discue.notes n where n.name = 'clock_was_at' and n.value::bigint >= v_created_at);
    if v_moved then
      v_due_at := p_now;
    end if;
  end if;
  insert into discue.deliveries
    (organization_id, listener_id, due_at, sequence, attempts, attempts_before, first_sent_at, moved)
  values (p_organization, p_listener, v_due_at, p_sequence, coalesce(v_attempts, 0), coalesce(v_attempts, 0),
          v_first_sent_at, v_moved);
  return v_due_at;
end $$;

-- Takes the next one in place of the key's head; answers with when it is due, or null where none waited.
create or replace function discue.order_promote(
  p_organization text, p_listener text, p_key text, p_now bigint
) returns bigint language plpgsql set enable_seqscan = off as $$
declare
  v_next bigint;
begin
  delete from discue.held h using (
    select n.sequence from discue.held n
     where n.organization_id = p_organization and n.listener_id = p_listener and n.key = p_key
     order by n.sequence limit 1) next
   where h.organization_id = p_organization and h.listener_id = p_listener and h.key = p_key
     and h.sequence = next.sequence
  returning h.sequence into v_next;
  if v_next is null then
    delete from discue.order_heads h
     where h.organization_id = p_organization and h.listener_id = p_listener and h.key = p_key;
    return null;
  end if;
  update discue.order_heads h set sequence = v_next, blocked = false
   where h.organization_id = p_organization and h.listener_id = p_listener and h.key = p_key;
  return discue.order_begin_run(p_organization, p_listener, v_next, p_now);
end $$;

-- The message is done with or gone: the next one's turn. Answers with when that is due, or null where none waited.
create or replace function discue.order_leave(
  p_organization text, p_listener text, p_sequence bigint, p_now bigint
) returns bigint language plpgsql set enable_seqscan = off as $$
declare
  v_key text;
begin
  select p.key into v_key from discue.order_places p
   where p.organization_id = p_organization and p.sequence = p_sequence and p.listener_id = p_listener;
  if v_key is null then
    return null;
  end if;
  if exists (select 1 from discue.order_heads h where h.organization_id = p_organization and h.listener_id = p_listener
                and h.key = v_key and h.sequence = p_sequence) then
    return discue.order_promote(p_organization, p_listener, v_key, p_now);
  end if;
  delete from discue.held h where h.organization_id = p_organization and h.listener_id = p_listener and h.key = v_key
     and h.sequence = p_sequence;
  return null;
end $$;

-- The message was missed, and the messages after it wait.
create or replace function discue.order_block(
  p_organization text, p_listener text, p_sequence bigint
) returns void language plpgsql set enable_seqscan = off as $$
begin
  update discue.order_heads h set blocked = true
    from discue.order_places p
   where p.organization_id = p_organization and p.sequence = p_sequence and p.listener_id = p_listener
     and h.organization_id = p_organization and h.listener_id = p_listener and h.key = p.key
     and h.sequence = p_sequence;
end $$;

-- A message that was done with comes again, ahead of all that were accepted after it but for the head. Answers with
-- `head` where it may be sent, `held` where it waits for its turn, `outside` where nothing orders it.
create or replace function discue.order_enter(
  p_organization text, p_listener text, p_sequence bigint
) returns text language plpgsql set enable_seqscan = off as $$
declare
  v_key text;
  v_head bigint;
begin
  select p.key into v_key from discue.order_places p
   where p.organization_id = p_organization and p.sequence = p_sequence and p.listener_id = p_listener;
  if v_key is null then
    return 'outside';
  end if;
  insert into discue.order_heads (organization_id, listener_id, key, sequence, blocked)
  values (p_organization, p_listener, v_key, p_sequence, false)
  on conflict (organization_id, listener_id, key) do nothing;
  if found then
    return 'head';
  end if;
  update discue.order_heads h set blocked = false
   where h.organization_id = p_organization and h.listener_id = p_listener and h.key = v_key
     and h.sequence = p_sequence;
  if found then
    return 'head';
  end if;
  insert into discue.held (organization_id, listener_id, key, sequence)
  values (p_organization, p_listener, v_key, p_sequence) on conflict do nothing;
  return 'held';
end $$;

-- Takes messages of one organization out of every order; answers with the listeners for which another one has its turn.
create or replace function discue.order_erase(
  p_organization text, p_sequences bigint[], p_now bigint
) returns text[] language plpgsql set enable_seqscan = off as $$
declare
  v_place record;
  v_freed text[] := '{}';
begin
  perform 1 from discue.order_counters c
    where c.organization_id = p_organization and c.listener_id in (
      select p.listener_id from discue.order_places p
       where p.organization_id = p_organization and p.sequence = any(p_sequences))
    order by c.listener_id for update;
  for v_place in
    select p.listener_id, p.sequence from discue.order_places p
     where p.organization_id = p_organization and p.sequence = any(p_sequences)
  loop
    if discue.order_leave(p_organization, v_place.listener_id, v_place.sequence, p_now) is not null then
      v_freed := v_freed || v_place.listener_id;
    end if;
  end loop;
  delete from discue.order_places p where p.organization_id = p_organization and p.sequence = any(p_sequences);
  return v_freed;
end $$;

-- Begins a new run of a delivery, however it stands; answers with what that does to the counters of its listener.
-- `p_clock` is by which it is judged whether a node lives; with `p_immediately` it becomes due where it is not.
create or replace function discue.begin_anew(
  p_organization text, p_listener text, p_sequence bigint, p_deliver_at bigint, p_now bigint, p_clock bigint,
  p_immediately boolean,
  out pending int, out missed int
) language plpgsql set enable_seqscan = off as $$
declare
  v_due_at bigint;
  v_node text;
  v_pulled_at bigint;
begin
  pending := 0;
  missed := 0;
  perform 1 from discue.order_counters c where c.organization_id = p_organization and c.listener_id = p_listener for update;
  insert into discue.message_expiries (organization_id, look_at, sequence)
  select m.organization_id, m.expires_at, m.sequence from discue.messages m
   where m.sequence = p_sequence and m.expires_at is not null on conflict do nothing;
  select d.due_at, d.lease_node, d.pulled_at into v_due_at, v_node, v_pulled_at from discue.deliveries d
   where d.organization_id = p_organization and d.listener_id = p_listener and d.due_at = p_deliver_at
     and d.sequence = p_sequence and not d.moved for update;
  if not found then
    select d.due_at, d.lease_node, d.pulled_at into v_due_at, v_node, v_pulled_at from discue.deliveries d
     where d.sequence = p_sequence and d.moved and d.listener_id = p_listener for update;
  end if;
  if found then
    if v_pulled_at is not null or (v_due_at > p_now and not p_immediately)
       or exists (select 1 from discue.nodes n where n.node = v_node and n.alive_until > p_clock) then
      -- The node or client that holds it goes on; what comes of that is judged by the new run, or finds that there is
      -- one.
      update discue.deliveries d set attempts_before = d.attempts
       where d.organization_id = p_organization and d.listener_id = p_listener and d.due_at = v_due_at
         and d.sequence = p_sequence;
    else
      update discue.deliveries d
         set due_at = p_now, attempts_before = d.attempts, moved = true, lease_node = null, lease = null
       where d.organization_id = p_organization and d.listener_id = p_listener and d.due_at = v_due_at
         and d.sequence = p_sequence;
    end if;
    return;
  end if;
  if exists (select 1 from discue.order_places p join discue.held h
                 on h.organization_id = p.organization_id and h.listener_id = p.listener_id and h.key = p.key
                    and h.sequence = p.sequence
              where p.organization_id = p_organization and p.sequence = p_sequence and p.listener_id = p_listener) then
    return;
  end if;
  delete from discue.missed m
   where m.organization_id = p_organization and m.sequence = p_sequence and m.listener_id = p_listener;
  if found then
    missed := -1;
  end if;
  -- Its time was over by a clock that went back since.
  delete from discue.delivery_discards x
   where x.organization_id = p_organization and x.sequence = p_sequence and x.listener_id = p_listener;
  pending := 1;
  if discue.order_enter(p_organization, p_listener, p_sequence) <> 'held' then
    perform discue.order_begin_run(p_organization, p_listener, p_sequence, p_now);
  end if;
end $$;
