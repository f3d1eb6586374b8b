import type { Cancel, Runtime } from '../../runtime.ts'
import type { Database } from '../connect/transaction.ts'

/**
 * Adds up some of what the commits of all nodes have left; two nodes never take the same rows. What another node is adding
 * up shows once it has committed.
 */
const ROLL_UP = `
  with taken as materialized (
    delete from discue.usage_changes where ctid = any(array(
      select ctid from discue.usage_changes limit $1 for update skip locked))
    returning *
  ), figures as (
    insert into discue.listener_figures as f
      (organization_id, listener_id, pending, acknowledged, missed, last_success_at, last_failure_at)
    select t.organization_id, t.listener_id, sum(t.pending), sum(t.acknowledged), sum(t.missed),
           max(t.last_success_at), max(t.last_failure_at)
      from taken t
      -- What comes after a listener has gone would stay for ever.
      join discue.listeners l on l.organization_id = t.organization_id and l.id = t.listener_id
     where t.listener_id > '' group by t.organization_id, t.listener_id order by 1, 2
    on conflict (organization_id, listener_id) do update set
      pending = f.pending + excluded.pending, acknowledged = f.acknowledged + excluded.acknowledged,
      missed = f.missed + excluded.missed,
      last_success_at = greatest(f.last_success_at, excluded.last_success_at),
      last_failure_at = greatest(f.last_failure_at, excluded.last_failure_at)
  ), counted as (
    select organization_id, bucket, subject_id, listener_id, added, ok, not_ok, latencies from taken
     where added + ok + not_ok > 0
    union all
    -- The organization's own latencies are not kept: they are those of its listeners.
    select organization_id, bucket, '', '', added, ok, not_ok, '{}' from taken where added + ok + not_ok > 0
  ), latencies as (
    select organization_id, bucket, subject_id, listener_id, array_agg(count order by place) as latencies
      from (select c.organization_id, c.bucket, c.subject_id, c.listener_id, u.place, sum(u.count)::bigint as count
              from counted c cross join lateral unnest(c.latencies) with ordinality u(count, place)
             group by 1, 2, 3, 4, 5) summed
     group by 1, 2, 3, 4
  ), sums as (
    select organization_id, bucket, subject_id, listener_id, sum(added) as added, sum(ok) as ok, sum(not_ok) as not_ok
      from counted group by 1, 2, 3, 4
  ), stats_written as (
    insert into discue.stats as s
      (organization_id, bucket, subject_id, listener_id, message_added, message_published_ok,
       message_published_not_ok, latencies)
    select m.organization_id, m.bucket, m.subject_id, m.listener_id, m.added, m.ok, m.not_ok,
           coalesce(l.latencies, '{}')
      from sums m left join latencies l using (organization_id, bucket, subject_id, listener_id)
     order by 1, 2, 3, 4
    on conflict (organization_id, bucket, subject_id, listener_id) do update set
      message_added = s.message_added + excluded.message_added,
      message_published_ok = s.message_published_ok + excluded.message_published_ok,
      message_published_not_ok = s.message_published_not_ok + excluded.message_published_not_ok,
      latencies = array(
        select coalesce(u.a, 0) + coalesce(u.b, 0)
          from unnest(s.latencies, excluded.latencies) with ordinality u(a, b, place) order by place)
  )
  select count(*) as "rolledUp" from taken`

/** Off everywhere else; these rows are all in memory. */
const HASH_JOINS = `set local enable_hashjoin = on`

const ROWS = 5_000
const EVERY_MS = 1_000
/** Rounds: some ten minutes. */
const TIDY_EVERY = 600

/** Adds up, in the background, what commits have left in `usage_changes` for counters and statistics. */
export interface Rollup {
  /** Adds up all there is, for a caller that is about to read the counts. */
  all(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/** `tidy` removes what no reader needs any more; called now and then. */
export function createRollup(
  { transact }: Pick<Database, 'transact'>,
  runtime: Runtime,
  tidy: () => Promise<void>,
): Rollup {
  let rounds = 0
  let cancel: Cancel = () => undefined
  let running: Promise<void> | null = null
  let stopped = true
  const all = oneAfterAnother(addUp)

  async function addUp(): Promise<void> {
    for (let rolledUp = ROWS; rolledUp === ROWS; ) {
      rolledUp = await transact(async (db) => {
        await db.run(HASH_JOINS)
        return (await db.rows<{ rolledUp: number }>(ROLL_UP, [ROWS]))[0]!.rolledUp
      })
    }
  }

  function schedule(): void {
    // Nodes that were started together do not stay together.
    const delayMs = EVERY_MS * (0.75 + runtime.random() / 2)
    cancel = runtime.after(delayMs, () => {
      rounds += 1
      running = all()
        .then(() => (rounds % TIDY_EVERY === 0 ? tidy() : undefined))
        .catch((error: unknown) => runtime.log.warn({ err: error }, 'counts could not be added up; tried again soon'))
        .finally(() => {
          running = null
          if (!stopped) schedule()
        })
    })
  }

  return {
    all,
    start() {
      stopped = false
      schedule()
    },
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}

/**
 * Runs `work` for each caller, never twice at a time: callers that ask while it runs share the run after it, for that one
 * may have begun too early for them. Callers hear its error; the next run begins all the same.
 */
function oneAfterAnother(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null
  return () => {
    next ??= last
      .catch(() => undefined)
      .then(() => {
        next = null
        last = work()
        return last
      })
    return next
  }
}
