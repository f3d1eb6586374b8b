import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '../support/server/client.ts'
import { makeOldPostgres, makeOldSqlite, migrationsOf } from '../support/server/old-database.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { inTime } from '../support/wait-for.ts'

/** How many migrations the last version had. */
const LAST = { sqlite: 25, postgres: 13 }
/** A million is a matter of minutes on a busy machine: DISCUE_TEST_ROWS=1000000. */
const MANY = Number(process.env.DISCUE_TEST_ROWS ?? 200_000)
const SOME = 20_000
const KILLS = 8
/** Deliveries of the rows that are there before, and of them those that wait. */
const BEFORE = { accepted: 8, waiting: 2 }

const MAIN = fileURLToPath(new URL('../../bin/discue.mjs', import.meta.url))

const SQLITE_ROWS = (count: number) => `
  create temp table numbers as with recursive n (n) as (select 1 union all select n + 1 from n where n < ${count})
    select n from n;
  insert into messages (sequence, id, organization_id, queue_id, audience, created_at, deliver_at, data)
    select 10 + n, '00VcTK' || format('%015d', n), organization_id, queue_id, audience, created_at, deliver_at,
           format('{"number":%d,"fill":"%s"}', n, 'some text of a usual length, which a message has')
      from numbers, messages where sequence = 3;
  insert into attempts (sequence, listener_id, number, started_at, duration_ms, status, error, response)
    select 10 + n, listener_id, 1, started_at, 5, 200, null, '' from numbers, attempts where sequence = 3 and n % 10 > 0;
  insert into deliveries (listener_id, due_at, sequence, attempts, moved)
    select d.listener_id, m.deliver_at, 10 + n, 0, 0
      from numbers, deliveries d, messages m where d.sequence = 4 and m.sequence = 3 and n % 10 = 0;
  insert into message_marks select queue_id, id, 1024 from messages where sequence > 10 and sequence % 1024 = 0;
  update listener_figures set pending = pending + ${count / 10}, acknowledged = acknowledged + ${count - count / 10};
  update notes set value = '${10 * count}' where name = 'sequences_taken'`

const POSTGRES_ROWS = (count: number) => `
  insert into discue.messages (organization_id, queue_id, id, sequence, data, created_at, deliver_at, audience)
    select organization_id, queue_id, '00VcTK' || lpad(n::text, 15, '0'), 10 + n,
           format('{"number":%s,"fill":"some text of a usual length, which a message has"}', n), created_at, deliver_at, audience
      from generate_series(1, ${count}) n, discue.messages where sequence = 3;
  insert into discue.attempts (organization_id, sequence, listener_id, number, started_at, duration_ms, status, response)
    select organization_id, 10 + n, listener_id, 1, started_at, 5, 200, ''
      from generate_series(1, ${count}) n, discue.attempts where sequence = 3 and n % 10 > 0;
  insert into discue.deliveries (organization_id, listener_id, due_at, sequence, attempts, attempts_before, moved)
    select d.organization_id, d.listener_id, m.deliver_at, 10 + n, 0, 0, false
      from generate_series(1, ${count}) n, discue.deliveries d, discue.messages m
     where d.sequence = 4 and m.sequence = 3 and n % 10 = 0;
  update discue.listener_figures set pending = pending + ${count / 10}, acknowledged = acknowledged + ${count - count / 10};
  select setval('discue.message_sequence', ${10 * count})`

/** Everything that was stored is there, and each delivery has what it had; one more message is posted for each `earlier`. */
async function expectAll(url: string, count: number, earlier: number): Promise<void> {
  const { call } = createClient(() => url)
  const { queues } = (await call('GET', '/queues')).body
  const orders = queues.find(({ name }: { name: string }) => name === 'orders')
  const { ledger } = (await call('GET', '/ledger')).body
  assert.deepEqual([ledger.unaccounted, ledger.unaccounted_pairs], [0, []])
  // Each message was for two listeners, of which one is gone; what is posted now is for the other.
  assert.equal(ledger.accepted, BEFORE.accepted + 2 * count + earlier)
  assert.equal(ledger.pending + ledger.scheduled, BEFORE.waiting + count / 10 + earlier)
  const { listeners } = (await call('GET', `/queues/${orders.id}/listeners`)).body
  const pulled = await call('POST', `/queues/${orders.id}/listeners/${listeners[0].id}/pull`, { max: 100 })
  assert.equal(pulled.body.messages.length, 100)
  assert.equal((await call('POST', `/queues/${orders.id}/messages`, { data: 'new' })).status, 200)
}

const envOf = (url: string) => ({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })

/** Answers with how long the start took, in ms. */
async function startAndCheck(url: string, count: number, earlier = 0): Promise<number> {
  const startedAt = performance.now()
  const server = await startServerProcess(envOf(url))
  const tookMs = performance.now() - startedAt
  try {
    await expectAll(server.url, count, earlier)
  } finally {
    await server.end('SIGTERM')
  }
  return tookMs
}

async function startAndKill(t: TestContext, url: string, afterMs: number): Promise<void> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DISCUE_'))
  const env = { ...Object.fromEntries(inherited), ...envOf(url), DISCUE_PORT: '0', DISCUE_LOG_LEVEL: 'silent' }
  const child = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit')
  await sleep(afterMs)
  child.kill('SIGKILL')
  assert.deepEqual(await inTime('the end of a server that was killed', exit), [null, 'SIGKILL'])
}

test('sqlite: many messages of the last version are there after a start, and it takes what it says here', async (t) => {
  using folder = makeFolder()
  const url = makeOldSqlite(join(folder.path, 'old.db'), { migrations: LAST.sqlite, rows: SQLITE_ROWS(MANY) })
  const first = await startAndCheck(url, MANY)
  const second = await startAndCheck(url, MANY, 1)
  t.diagnostic(`the start that migrates took ${Math.round(first)} ms, the one after it ${Math.round(second)} ms`)
})

/** One transaction, as a commit is one, that locks in another order than the migrations do. */
const AS_A_NODE = `
  update discue.messages set revision = revision where sequence = 11;
  select count(*) from discue.deliveries where sequence = 11`

/** Nodes try that again. */
function unlessDeadlock(error: unknown): void {
  if ((error as { code?: unknown }).code !== '40P01') throw error
}

test('postgres: many messages of the last version are there after a start, and others wait for the tables as it says here', async (t) => {
  const database = await makeOldPostgres({ migrations: LAST.postgres, rows: POSTGRES_ROWS(MANY) })
  let over = false
  let longestMs = 0
  // What a node of the last version does meanwhile waits for the tables that are changed.
  const asking = (async () => {
    for (; !over; await sleep(5)) {
      const askedAt = performance.now()
      await database.query(AS_A_NODE).catch(unlessDeadlock)
      longestMs = Math.max(longestMs, performance.now() - askedAt)
    }
  })()
  const first = await startAndCheck(database.url, MANY)
  over = true
  await asking
  const second = await startAndCheck(database.url, MANY, 1)
  t.diagnostic(`the start that migrates took ${Math.round(first)} ms, the one after it ${Math.round(second)} ms`)
  t.diagnostic(`a statement of another node waited ${Math.round(longestMs)} ms at most`)
})

/** What is killed at a random moment of its start, and starts then as if it had not been. */
async function killsIn(t: TestContext, make: (round: number) => Promise<string>): Promise<void> {
  const startMs = await startAndCheck(await make(0), SOME)
  for (let round = 1; round <= KILLS; round++) {
    const url = await make(round)
    for (let kill = 0; kill < 2; kill++) await startAndKill(t, url, Math.random() * startMs)
    await startAndCheck(url, SOME)
  }
}

test('sqlite: a server that is killed at any moment of a migration begins it anew, and nothing is lost', async (t) => {
  using folder = makeFolder()
  const old = join(folder.path, 'old.db')
  makeOldSqlite(old, { rows: SQLITE_ROWS(SOME) })
  await killsIn(t, async (round) => {
    const path = join(folder.path, `${round}.db`)
    copyFileSync(old, path)
    return `sqlite:${path}`
  })
})

test('postgres: a server that is killed at any moment of a migration begins it anew, and nothing is lost', async (t) => {
  await killsIn(t, async () => {
    const { url, query } = await makeOldPostgres({ rows: POSTGRES_ROWS(SOME) })
    const [{ done }] = (await query<{ done: number }>('select max(number) as done from discue.migrations')) as [
      { done: number },
    ]
    assert.ok(done < migrationsOf('postgres').length)
    return url
  })
})
