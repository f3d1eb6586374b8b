import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import type { Settlement } from '../../../src/store/commit/batch.ts'
import { createCommit } from '../../../src/store-postgres/commit/batch.ts'
import { createLostCommits } from '../../../src/store-postgres/commit/lost-commits.ts'
import { createUncertainCommits } from '../../../src/store-postgres/commit/uncertain-commits.ts'
import type { Db } from '../../../src/store-postgres/connect/session.ts'
import { PLANNER_SETTINGS } from '../../../src/store-postgres/connect/settings.ts'
import { Leases } from '../../../src/store-postgres/deliveries/leases.ts'
import { createListenerOwners } from '../../../src/store-postgres/deliveries/listener-owners.ts'
import { translated } from '../../../src/store-postgres/errors.ts'
import { readRoutines } from '../../../src/store-postgres/routines.ts'
import { fillForPlans, idOf, PLAN_ROWS } from '../../support/postgres/plan-rows.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const database = await testDatabase()
await (await database.open(createRuntime(silentLog))).close()
const leases = new Leases()
const publisher = { waiting: () => undefined }
const db = inSavepoints()
const lostCommits = createLostCommits(db, createRuntime(silentLog))
const uncertain = createUncertainCommits(Date.now)
const commit = createCommit(
  db,
  { leases, uncertain, publisher, owners: createListenerOwners(db), lostCommits },
  readRoutines(),
)
const EACH = 40
/** Of each settlement: its row, once for every try and way it may go; of the rest, a few in all. */
const MOST = 30 * EACH
let free = 1

for (const [name, value] of Object.entries(PLANNER_SETTINGS)) await database.query(`set ${name} = ${value}`)
await emptied()

test('a commit looks at its own rows only, though its plans are from when the tables were empty', async () => {
  // In the same session, which keeps them; nothing that is asked for exists.
  assert.equal((await countedCommit(1)).settled, 0)
  await fillForPlans(database, { node: 'n' })
  await holdsFew('planned for empty tables')
})

test('a commit looks at its own rows only, whether or not anything is known of the tables', async () => {
  await database.query('discard plans')
  await holdsFew('without statistics')
  await database.query('analyze')
  await database.query('discard plans')
  await holdsFew('analyzed')
})

async function holdsFew(label: string): Promise<void> {
  const { looked, accepted, settled, lost } = await countedCommit(EACH)
  assert.equal(accepted, EACH)
  assert.equal(settled, 3 * EACH)
  assert.equal(lost, EACH)
  const sum = Object.values(looked).reduce((all, rows) => all + rows, 0)
  assert.ok(sum >= 3 * EACH, 'nothing was counted')
  assert.ok(sum <= MOST, `${label}: of ${PLAN_ROWS} rows it looked at ${JSON.stringify(looked)}`)
}

/** Commits messages, and settlements of every kind, some of them lost; says how many rows of each table that has read. */
async function countedCommit(each: number) {
  const ends: Settlement['next'][] = [
    { state: 'acknowledged' },
    { state: 'pending', dueAt: 2 },
    { state: 'missed', reason: 'attempts' },
  ]
  const settlements = [...ends.flatMap((next) => leased(each, next)), ...lostOnes(each)]
  const accepts = Array.from({ length: each }, (_, index) => acceptOf(`n${free}-${index}`))
  await database.query('begin')
  const before = await looks()
  const results = await commit({ node: 'n', now: 10, accepts, settlements, keyUses: [{ apiKeyId: 'k', at: 1 }] })
  const after = await looks()
  await database.query('commit')
  const looked = Object.fromEntries(Object.entries(after).map(([table, rows]) => [table, rows - (before[table] ?? 0)]))
  const accepted = results.accepts.filter(({ outcome }) => outcome === 'accepted').length
  const lost = results.settlements.filter((result) => result === 'lost').length
  return { looked, accepted, lost, settled: results.settlements.length - lost }
}

function acceptOf(id: string) {
  const [organizationId, queueId] = ['o', idOf('q', 0)]
  const message = {
    organizationId,
    queueId,
    id,
    name: null,
    key: null,
    data: '',
    createdAt: 1,
    deliverAt: 1,
    expiresAt: null,
    headers: null,
    mediaType: null,
    revision: 1,
  }
  const deliveries = [{ listenerId: idOf('l', 0), leased: true }]
  return { queueVersion: 1, answer: null, messages: [{ message, deliveries }] }
}

/** Settlements of rows that are there, and leased to us. */
function leased(count: number, next: Settlement['next']): Settlement[] {
  return Array.from({ length: count }, () => {
    const sequence = free++
    return settlementOf(sequence, sequence, next)
  })
}

/** Settlements of what another node has taken since. */
function lostOnes(count: number): Settlement[] {
  return Array.from({ length: count }, () => settlementOf(free, 1_000_000_000 + free++, { state: 'acknowledged' }))
}

function settlementOf(sequence: number, lease: number, next: Settlement['next']): Settlement {
  const listenerId = idOf('l', sequence % 10)
  const message = {
    id: `m${sequence}`,
    organizationId: 'o',
    queueId: idOf('q', sequence % 10),
    name: null,
    deliverAt: 1,
  }
  leases.keep('n', { number: lease, message, listenerId, sequence, dueAt: 1 })
  return {
    delivery: { listenerId, sequence, lease, dueAt: 1, firstSentAt: null, attemptsBefore: 0 },
    attempt: { number: 1, startedAt: 1, durationMs: 1, status: 200, error: null, response: '' },
    next,
  }
}

/** Rows that statements of this transaction have taken from tables, by whichever way. */
async function looks(): Promise<Record<string, number>> {
  const rows = await database.query<{ table: string; rows: number }>(`
    select relname as table, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows
      from pg_stat_xact_user_tables where schemaname = 'discue'`)
  return Object.fromEntries(rows.map(({ table, rows: read }) => [table, read]))
}

/** Known to the planner as empty, with pages that were full: as a store leaves them that has delivered everything. */
async function emptied(): Promise<void> {
  const tables = ['organizations', 'queues', 'listeners', 'messages', 'deliveries']
  await fillForPlans(database, { rows: 1_000, node: 'n' })
  for (const table of tables) await database.query(`delete from ${table}`)
  for (const table of tables) await database.query(`vacuum (truncate off, analyze) ${table}`)
}

/** A refusal undoes its statement, and the commit comes again without what was refused: all in one transaction here. */
function inSavepoints(): Db {
  const rows: Db['rows'] = async <Row>(sql: string, values: readonly unknown[] = []) => {
    await database.query('savepoint before')
    try {
      return await database.query<Row>(sql, [...values])
    } catch (error) {
      await database.query('rollback to savepoint before')
      throw translated(error)
    }
  }
  return { rows, run: async (sql, values) => (await rows(sql, values)).length }
}
