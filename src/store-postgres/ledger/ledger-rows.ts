import { IS_MEANT } from '../messages/left-out-rows.ts'

/** Where a page of a queue's messages ends; the data is left where it is. */
export const PAGE_END = `
  select max(id) as last, count(*) as looked from (
    select id from discue.messages where organization_id = $1 and queue_id = $2 and id > $3 order by id limit $4) page`

/** As `standingOf` of core/delivery/ledger.ts says; both are held to one table of cases. */
export const STANDING = `
  case when pendings + is_missed::int + is_expired::int + is_discarded::int > 1
         or ((is_missed or is_expired or is_discarded) and ended is true) then 'twice'
       when pendings = 1 then case when is_scheduled then 'scheduled' else 'pending' end
       when is_missed then 'missed' when is_expired then 'expired' when is_discarded then 'deleted' when ended is true then 'delivered' else 'nothing' end`

/**
 * How the deliveries of a page of messages stand, from every row that tells of them. A delivery that was tried is
 * either moved or gone: most need no look at where untouched ones wait. What waits for a turn that no head would pass
 * on would wait for ever.
 */
export const LOOK = `
  with meant as materialized (
    select m.sequence, m.id, m.created_at, m.deliver_at, x.listener
      from discue.messages m
      join discue.audiences a on a.organization_id = $1 and a.queue_id = $2 and a.version = m.audience
     cross join lateral unnest(a.listener_ids) with ordinality x(listener, place)
     where m.organization_id = $1 and m.queue_id = $2 and m.id > $3 and m.id <= $4
       and m.created_at >= $5 and m.created_at < $6 and ${IS_MEANT('m', 'x.place')}
  ), found as materialized (
    select w.*,
           (select a.error is null and a.status between 200 and 299 from discue.attempts a
             where a.organization_id = $1 and a.sequence = w.sequence and a.listener_id = w.listener
             order by a.number desc limit 1) as ended,
           exists (select 1 from discue.attempts a
                    where a.organization_id = $1 and a.sequence = w.sequence and a.listener_id = w.listener) as tried,
           (select d.attempts = 0 and d.due_at > $7 from discue.deliveries d
             where d.sequence = w.sequence and d.moved and d.listener_id = w.listener) as untouched_moved,
           exists (select 1 from discue.order_places p
                     join discue.held h on h.organization_id = $1 and h.listener_id = p.listener_id and h.key = p.key
                          and h.sequence = p.sequence
                     join discue.order_heads o on o.organization_id = $1 and o.listener_id = h.listener_id and o.key = h.key
                    where p.organization_id = $1 and p.sequence = w.sequence and p.listener_id = w.listener) as is_held,
           exists (select 1 from discue.missed x
                    where x.organization_id = $1 and x.sequence = w.sequence and x.listener_id = w.listener) as is_missed,
           coalesce(e.reason = 'expired', false) as is_expired, coalesce(e.reason = 'discarded', false) as is_discarded
      from meant w
      left join lateral (
        select x.reason from discue.delivery_discards x
         where x.organization_id = $1 and x.sequence = w.sequence and x.listener_id = w.listener limit 1) e on true
  ), waited as (
    select f.*,
           ended is not true and not is_held and untouched_moved is null and exists (
             select 1 from discue.deliveries d
              where d.organization_id = $1 and d.listener_id = f.listener and d.due_at = f.deliver_at
                and d.sequence = f.sequence and not d.moved) as waits
      from found f
  ), summed as (
    select v.*, (untouched_moved is not null)::int + is_held::int + waits::int as pendings,
           deliver_at > $7 and deliver_at > created_at and (waits or (is_held and not tried) or untouched_moved is true) as is_scheduled
      from waited v
  ), stood as (
    select listener, id,
           ${STANDING} as stands
      from summed
  )
  select listener as "listenerId", count(*) as accepted,
         count(*) filter (where stands = 'delivered') as delivered,
         count(*) filter (where stands = 'pending') as pending,
         count(*) filter (where stands = 'scheduled') as scheduled,
         count(*) filter (where stands = 'missed') as missed,
         count(*) filter (where stands = 'deleted') as deleted, 0 as retention,
         count(*) filter (where stands = 'expired') as expired,
         count(*) filter (where stands = 'nothing') as nothing,
         count(*) filter (where stands = 'twice') as twice,
         coalesce((array_agg(id order by id) filter (where stands = 'nothing'))[1:100], '{}') as "nothingIds",
         coalesce((array_agg(id order by id) filter (where stands = 'twice'))[1:100], '{}') as "twiceIds"
    from stood group by listener`

/** Of messages that are gone. */
export const DISCARDED = `
  select x.listener as "listenerId", count(*) as accepted,
         count(*) filter (where x.listener = any(d.delivered)) as delivered,
         0 as pending, 0 as scheduled, 0 as missed,
         -- An older version wrote 'expired' for 'retention'.
         count(*) filter (where x.listener = any(d.discarded)
                             or (x.listener <> all(d.delivered || d.expired) and d.reason = 'deleted')) as deleted,
         count(*) filter (where x.listener <> all(d.delivered || d.expired || d.discarded) and d.reason <> 'deleted')
           as retention,
         count(*) filter (where x.listener = any(d.expired)) as expired,
         0 as nothing, 0 as twice, '{}'::text[] as "nothingIds", '{}'::text[] as "twiceIds"
    from discue.discards d
    join discue.audiences a on a.organization_id = $1 and a.queue_id = $2 and a.version = d.audience
   cross join lateral unnest(a.listener_ids) with ordinality x(listener, place)
   where d.organization_id = $1 and d.queue_id = $2 and d.created_at >= $3 and d.created_at < $4
     and ${IS_MEANT('d', 'x.place')}
   group by x.listener`
