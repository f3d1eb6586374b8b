import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import {
  EXTEND,
  EXTEND_AGAIN,
  HAND_BACK,
  READ as LEASES,
} from '../../../src/store-postgres/commit/lease-settlements.ts'
import { CLAIM, WAITING } from '../../../src/store-postgres/deliveries/claims.ts'
import { DUE as TO_PULL } from '../../../src/store-postgres/deliveries/due-rows.ts'
import {
  ATTEMPTS,
  DELIVERED,
  FIRST_ATTEMPTS,
  LAST_ATTEMPTS,
  MISSED,
} from '../../../src/store-postgres/deliveries/listener-deliveries.ts'
import { HELD, DUE as PENDING } from '../../../src/store-postgres/deliveries/pending-deliveries.ts'
import { LEASE, NEXT_DUE, READ as PULLED } from '../../../src/store-postgres/deliveries/pulls.ts'
import { CONTENT } from '../../../src/store-postgres/messages/message-search.ts'
import { IN_ALL } from '../../../src/store-postgres/messages/search-candidates.ts'
import { DUE, DUE_IN_TURNS, DUE_ORGANIZATIONS } from '../../../src/store-postgres/schedules/due-schedules.ts'
import { OLDEST } from '../../../src/store-postgres/telemetry/events.ts'
import { fillForPlans, idOf } from '../../support/postgres/plan-rows.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const SEQUENTIAL =
  /Seq Scan on (messages|deliveries|attempts|missed|listeners|queues|schedule_progress|event_segments|held)/

const database = await testDatabase()
const store = await database.open(createRuntime(silentLog))
await fillForPlans(database, { node: null })
await database.query(`
  insert into event_segments (organization_id, category, stored_at, segment, events, entries)
  select 'o', case when i % 10 = 0 then 'queues' else 'messages' end, i, i, 1, '+' || lpad(i::text, 21, '0') || E'\\n'
    from generate_series(1, 50000) i`)

// Each listener missed every tenth of its messages, but for the first ones, which nothing was tried of yet.
await database.query(`
  insert into attempts (organization_id, sequence, listener_id, number, started_at, duration_ms, status, response)
  select m.organization_id, m.sequence, 'l' || right(m.queue_id, 19), 1, m.sequence, 1,
         case when m.sequence / 10 % 10 = 0 then 503 else 200 end, '' from messages m where m.sequence > 5000`)
await database.query(`
  insert into missed (organization_id, sequence, listener_id, at, reason)
  select organization_id, sequence, listener_id, 1, 'r' from attempts where status = 503`)
await database.query(`
  insert into held (organization_id, listener_id, key, sequence)
  select organization_id, listener_id, '', sequence from attempts`)

test('the hot statements step through indexes, however many rows there are and whatever is known of them', async () => {
  for (const analyzed of ['never', 'while empty', 'now']) {
    if (analyzed === 'now') await database.query('analyze')
    if (analyzed === 'while empty') await database.query(ANALYZED_WHILE_EMPTY)
    // As our sessions are set up; the planner may do as it likes with what it knows of the tables.
    for (const setting of ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) {
      await database.query(`set ${setting} = off`)
    }
    for (const [name, sql, values] of statements()) {
      const plan = await planOf(sql, values)
      assert.doesNotMatch(plan, SEQUENTIAL, `${name}, analyzed: ${analyzed}\n${plan}`)
      const worst = Math.max(
        ...Array.from(plan.matchAll(/actual rows=(\d+)|rows=(\d+) loops/g), (it) => Number(it[1] ?? it[2])),
      )
      assert.ok(worst <= 2_000, `${name} looks at ${worst} rows, analyzed: ${analyzed}\n${plan}`)
    }
  }
})

test('a commit of a message and of what came of another takes no longer with many rows around it', async () => {
  const started = performance.now()
  for (let i = 0; i < 20; i++) {
    const listenerId = 'l0000000000000000000'
    const claim = await store.deliveries.claimDue({ node: 'n', listenerId, limit: 10, maxBytes: 1e6, now: 10 })
    const settlements = claim.deliveries.map(
      ({ listenerId: id, message, lease, dueAt, firstSentAt, attemptsBefore }) => ({
        delivery: { listenerId: id, sequence: message.sequence, lease, dueAt, firstSentAt, attemptsBefore },
        attempt: { number: 1, startedAt: 1, durationMs: 1, status: 200, error: null, response: '' },
        next: { state: 'acknowledged' as const },
      }),
    )
    const result = await store.commit({ node: 'n', now: 10, accepts: [], settlements, keyUses: [] })
    assert.deepEqual(new Set(result.settlements), new Set(['settled']))
  }
  // A single look at all rows would take that long by itself; not a measurement, which belongs elsewhere.
  assert.ok(performance.now() - started < 20_000)
  await store.close()
})

/** What `vacuum analyze` leaves behind of tables that hold nothing any more, and that are filled again afterwards. */
const ANALYZED_WHILE_EMPTY = `
  update pg_class set reltuples = 0, relpages = 1 where relnamespace = 'discue'::regnamespace and relkind in ('r', 'i')`

function statements(): [name: string, sql: string, values: unknown[]][] {
  const listener = ['o', 'l0000000000000000000']
  const pullers = ['{o,o}', arrayOf(idOf('l', 0), idOf('l', 1))]
  const [queues, messages] = [arrayOf(idOf('q', 0), idOf('q', 1)), arrayOf(idOf('m', 10), idOf('m', 11))]
  const receipts = ['{o,o}', queues, messages, pullers[1], '{1,1}', '{0,0}']
  return [
    ['a claim', CLAIM, [...listener, 10, 'n', 1, 1, '{}', 5, 500, 1e9]],
    ['what several pulls may take', TO_PULL, [...pullers, '{-1,-1}', '{0,0}', '{100,100}', 10, 5]],
    ['what pulls take', LEASE, [...pullers, '{1,1}', '{10,11}', '{30,30}', 10]],
    ['what pulls answer with', PULLED, [...pullers, '{10,11}']],
    ['when something can be pulled', NEXT_DUE, [...pullers, 0]],
    ['what receipts are for', LEASES, receipts],
    ['what is handed back', HAND_BACK, [...receipts, 10]],
    ['leases that are extended', EXTEND, [...receipts, '{30,30}', '{1,1}']],
    ['leases that are extended again', EXTEND_AGAIN, [...receipts, '{30,30}', '{1,1}']],
    ['what waits', WAITING, ['', '', 500, 5, 'n']],
    ['due schedules', DUE, [10, 100]],
    ['due schedules in turns', DUE_IN_TURNS, ['{o}', 10, 100]],
    ['organizations with due schedules', DUE_ORGANIZATIONS, [null, 10]],
    ['attempts at a listener', ATTEMPTS, [...listener, 0, 1e12, 1e12, 1e12, 1e8, 500]],
    ['attempts at a listener of a time', ATTEMPTS, [...listener, 40_000, 50_000, 1e12, 1e12, 1e8, 500]],
    ['first attempts at a listener', FIRST_ATTEMPTS, ['o', idOf('q', 0), idOf('l', 0), '', '~', 500]],
    ['what waits for a listener', PENDING, [...listener, -1, 0, 101]],
    ['what waits in an order', HELD, [...listener, '', 0, 101]],
    ['what a listener missed', MISSED, [...listener, 1e12, 101]],
    ['what a listener was delivered', DELIVERED, ['o', idOf('q', 0), idOf('l', 0), '', '~', 500]],
    ['last attempts at a listener', LAST_ATTEMPTS, [...listener, '{50000,50010,50020}']],
    ['a search over all queues', IN_ALL.any, ['o', null, '', '~', 100]],
    ['a search for a name over all queues', IN_ALL.name, ['o', null, '', '~', 100, 'n']],
    ['a search for a key over all queues', IN_ALL.key, ['o', null, '', '~', 100, 'k']],
    ['a look through data', CONTENT, ['{50000,50010,50020}', 'x', 1e6]],
    ['a listing', LISTING, ['o', 'q0000000000000000000', '~', 100, 0]],
    ['expiry', EXPIRY, [0, 100]],
    ['events that are followed', OLDEST, ['o', '{messages,queues}', 0, 49_000, 101, 1e9]],
  ]
}

function arrayOf(...ids: string[]): string {
  return `{${ids.join(',')}}`
}

const LISTING = `
  select id from messages where organization_id = $1 and queue_id = $2 and id < $3 order by id desc limit $4 offset $5`
const EXPIRY = `select id from messages where sequence > $1 order by sequence limit $2`

async function planOf(sql: string, values: unknown[]): Promise<string> {
  await database.query('begin')
  const rows = await database.query<Record<string, string>>(`explain (analyze, costs off, timing off) ${sql}`, values)
  await database.query('rollback')
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}
