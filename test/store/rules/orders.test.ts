// Whose turn it is in the order of a listener: in core, in SQLite, which asks core, and within PostgreSQL; one table for all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEnter, onLeave } from '../../../src/core/delivery/listener.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { readRoutines } from '../../../src/store-postgres/routines.ts'
import { Orders } from '../../../src/store-sqlite/deliveries/orders.ts'
import { connect } from '../../../src/store-sqlite/file/connection.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

/** The messages 1 to 4 have a key in common, 5 has none; each is due at 100 and its number. */
const [KEY, NOW] = ['k', 1_000]
const KEYS = [KEY, KEY, KEY, KEY, null]
const dueAtOf = (sequence: number) => 100 + sequence

/** Whose turn it is, and who waits for it. */
interface Order {
  head: number | null
  isBlocked?: boolean
  held: number[]
}

interface Case {
  what: string
  before: Order
  does: 'leave' | 'enter' | 'block' | 'promote'
  sequence: number
  after: Order
  /** What core decides; of what is decided elsewhere nothing. */
  decision?: ReturnType<typeof onEnter> | ReturnType<typeof onLeave>
  /** What is answered; of a block nothing. */
  answer: string | number | null
  /** What may be sent from now on. */
  begun: number | null
}

const CASES: Case[] = [
  {
    what: 'the head is done with, and the next one may be sent',
    ...{ before: { head: 1, held: [2, 3] }, does: 'leave', sequence: 1, decision: 'promotes' },
    ...{ after: { head: 2, held: [3] }, answer: dueAtOf(2), begun: 2 },
  },
  {
    what: 'the last one is done with',
    ...{ before: { head: 1, held: [] }, does: 'leave', sequence: 1, decision: 'promotes' },
    ...{ after: { head: null, held: [] }, answer: null, begun: null },
  },
  {
    what: 'a blocked head is gone, and the next one may be sent',
    ...{ before: { head: 1, isBlocked: true, held: [2] }, does: 'leave', sequence: 1, decision: 'promotes' },
    ...{ after: { head: 2, held: [] }, answer: dueAtOf(2), begun: 2 },
  },
  {
    what: 'one that waits is gone',
    ...{ before: { head: 1, held: [2, 3] }, does: 'leave', sequence: 2, decision: 'leaves' },
    ...{ after: { head: 1, held: [3] }, answer: null, begun: null },
  },
  {
    what: 'one that was done with is gone',
    ...{ before: { head: 3, held: [4] }, does: 'leave', sequence: 1, decision: 'leaves' },
    ...{ after: { head: 3, held: [4] }, answer: null, begun: null },
  },
  {
    what: 'one outside of the order is done with',
    ...{ before: { head: 1, held: [2] }, does: 'leave', sequence: 5 },
    ...{ after: { head: 1, held: [2] }, answer: null, begun: null },
  },
  {
    what: 'one comes again where none has its turn',
    ...{ before: { head: null, held: [] }, does: 'enter', sequence: 2, decision: 'head' },
    ...{ after: { head: 2, held: [] }, answer: 'head', begun: null },
  },
  {
    what: 'the blocked head comes again, and is not in the way any more',
    ...{ before: { head: 1, isBlocked: true, held: [2] }, does: 'enter', sequence: 1, decision: 'head' },
    ...{ after: { head: 1, held: [2] }, answer: 'head', begun: null },
  },
  {
    what: 'one comes again ahead of what was accepted after it, and behind the head',
    ...{ before: { head: 3, held: [4] }, does: 'enter', sequence: 1, decision: 'held' },
    ...{ after: { head: 3, held: [1, 4] }, answer: 'held', begun: null },
  },
  {
    what: 'one that waits already comes again',
    ...{ before: { head: 1, isBlocked: true, held: [2] }, does: 'enter', sequence: 2, decision: 'held' },
    ...{ after: { head: 1, isBlocked: true, held: [2] }, answer: 'held', begun: null },
  },
  {
    what: 'one outside of the order comes again',
    ...{ before: { head: 1, held: [] }, does: 'enter', sequence: 5 },
    ...{ after: { head: 1, held: [] }, answer: 'outside', begun: null },
  },
  {
    what: 'the head is missed, and is in the way',
    ...{ before: { head: 1, held: [2] }, does: 'block', sequence: 1 },
    ...{ after: { head: 1, isBlocked: true, held: [2] }, answer: null, begun: null },
  },
  {
    what: 'one that is not the head is in no way',
    ...{ before: { head: 2, held: [3] }, does: 'block', sequence: 1 },
    ...{ after: { head: 2, held: [3] }, answer: null, begun: null },
  },
  {
    what: 'what a missed one was in the way of goes on',
    ...{ before: { head: 1, isBlocked: true, held: [2, 3] }, does: 'promote', sequence: 1 },
    ...{ after: { head: 2, held: [3] }, answer: dueAtOf(2), begun: 2 },
  },
]

type Found = Pick<Case, 'after' | 'answer' | 'begun'>

function inCore({ before: { head, isBlocked = false }, does, sequence }: Case) {
  const known = head === null ? undefined : { sequence: head, isBlocked }
  return does === 'enter' ? onEnter(known, sequence) : onLeave(known, sequence)
}

function inSqlite({ before, does, sequence }: Case): Found {
  const { db, close } = connect(':memory:')
  db.exec(`insert into order_counters (listener_id, last_number) values ('l', 5)`)
  for (const [index, key] of KEYS.entries()) {
    const number = index + 1
    db.prepare(`insert into order_places (sequence, listener_id, number, key) values (?, 'l', ?, ?)`).run(
      number,
      number,
      key,
    )
    db.prepare(
      `insert into messages (sequence, id, organization_id, queue_id, audience, created_at, deliver_at, name, key, data)
       values (?, ?, 'o', 'q', 1, 1, ?, null, ?, '')`,
    ).run(number, `m${number}`, dueAtOf(number), key)
  }
  const { head, isBlocked = false, held } = before
  const insertHead = db.prepare(`insert into order_heads (listener_id, key, sequence, blocked) values ('l', ?, ?, ?)`)
  if (head !== null) insertHead.run(KEY, head, isBlocked ? 1 : 0)
  for (const waits of held)
    db.prepare(`insert into held (listener_id, key, sequence) values ('l', ?, ?)`).run(KEY, waits)
  const orders = new Orders(db)
  const answers = {
    leave: () => orders.leave('l', sequence, NOW),
    enter: () => orders.enter('l', sequence),
    block: () => orders.block('l', sequence) ?? null,
    promote: () => orders.promote('l', KEY, NOW),
  }
  const answer = answers[does]()
  const all = (sql: string) => db.prepare(sql).all() as { sequence: number; blocked: number }[]
  const found = foundIn(answer, {
    heads: all(`select sequence, blocked from order_heads`),
    held: all(`select sequence from held order by sequence`),
    begun: all(`select sequence from deliveries`),
  })
  close()
  return found
}

const database = await testDatabase()
await (await database.open(createRuntime(silentLog))).close()
const routines = readRoutines()

const CALLS: Record<Case['does'], string> = {
  leave: `select ${routines.name('order_leave')}('o', $1, $2, $3) as answer`,
  enter: `select ${routines.name('order_enter')}('o', $1, $2) as answer where $3::bigint is not null`,
  block: `select null as answer from ${routines.name('order_block')}('o', $1, $2) where $3::bigint is not null`,
  promote: `select ${routines.name('order_promote')}('o', $1, '${KEY}', $3) as answer where $2::bigint is not null`,
}

/** Of each case a listener of its own, with the same messages. */
async function inPostgres({ before: { head, isBlocked = false, held }, does, sequence }: Case, listener: string) {
  await database.query(`insert into order_counters (organization_id, listener_id, last_number) values ('o', $1, 5)`, [
    listener,
  ])
  await database.query(
    `insert into order_places (organization_id, sequence, listener_id, number, key)
     select 'o', n, $1, n, key from unnest($2::text[]) with ordinality u(key, n)`,
    [listener, KEYS],
  )
  await database.query(
    `insert into order_heads (organization_id, listener_id, key, sequence, blocked)
     select 'o', $1, '${KEY}', $2::bigint, $3 where $2::bigint is not null`,
    [listener, head, isBlocked],
  )
  await database.query(
    `insert into held (organization_id, listener_id, key, sequence) select 'o', $1, '${KEY}', unnest($2::bigint[])`,
    [listener, held],
  )
  const [row] = await database.query<{ answer: string | null }>(CALLS[does], [listener, sequence, NOW])
  const all = (sql: string) => database.query<{ sequence: string; blocked: boolean }>(sql, [listener])
  return foundIn(row?.answer ?? null, {
    heads: await all(`select sequence, blocked from order_heads where listener_id = $1`),
    held: await all(`select sequence from held where listener_id = $1 order by sequence`),
    begun: await all(`select sequence from deliveries where listener_id = $1`),
  })
}

/** PostgreSQL's driver tells large numbers as texts. */
type Row = { sequence: number | string; blocked?: number | boolean }

function foundIn(answer: string | number | null, rows: { heads: Row[]; held: Row[]; begun: Row[] }): Found {
  const numbers = (of: Row[]) => of.map(({ sequence }) => Number(sequence))
  const [head] = rows.heads
  const [sequence, isBlocked] = [head === undefined ? null : Number(head.sequence), Boolean(head?.blocked)]
  return {
    after: { head: sequence, ...(isBlocked && { isBlocked }), held: numbers(rows.held) },
    answer: answer !== null && /^\d+$/.test(String(answer)) ? Number(answer) : answer,
    begun: numbers(rows.begun)[0] ?? null,
  }
}

test('an order goes on as the table says, in core, in SQLite and within PostgreSQL', async () => {
  await database.query(
    `insert into messages (organization_id, queue_id, id, sequence, data, created_at, deliver_at, audience)
     select 'o', 'q', 'm' || n, n, '', 1, 100 + n, 1 from generate_series(1, 5) n`,
  )
  for (const [index, it] of CASES.entries()) {
    const { what, after, answer, begun, decision } = it
    if (decision !== undefined) assert.equal(inCore(it), decision, `in core: ${what}`)
    assert.deepEqual(inSqlite(it), { after, answer, begun }, `in SQLite: ${what}`)
    assert.deepEqual(await inPostgres(it, `l${index}`), { after, answer, begun }, `within PostgreSQL: ${what}`)
  }
})
