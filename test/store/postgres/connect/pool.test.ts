import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../../src/runtime.ts'
import { StoreUnavailable } from '../../../../src/store/store.ts'
import { createPool } from '../../../../src/store-postgres/connect/pool.ts'
import type { Session } from '../../../../src/store-postgres/connect/session.ts'
import { openPostgresStore } from '../../../../src/store-postgres/database.ts'
import { createManualRuntime } from '../../../support/manual-runtime.ts'
import { placeOf, testDatabase } from '../../../support/postgres/postgres.ts'
import { silentLog } from '../../../support/silent-log.ts'

const TOO_MANY = new StoreUnavailable('PostgreSQL 53300: too many connections')

/** A server that gives `gives` connections, each of which does one thing at a time. */
function serverThatGives(gives: number) {
  const runtime = createManualRuntime(1_000_000)
  const server = { gives, open: 0, asked: 0 }
  const open = async (): Promise<Session> => {
    server.asked += 1
    if (server.open >= server.gives) throw TOO_MANY
    server.open += 1
    const close = async () => {
      server.open -= 1
    }
    return { broken: false, close } as unknown as Session
  }
  return { runtime, server, pool: createPool(open, runtime, { max: 8 }) }
}

/** Holds a connection until it is told to let it go. */
function holder() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { held: promise, letGo: resolve }
}

test('where the server gives fewer connections than asked for, every caller waits for one of those that there are', async () => {
  const { runtime, server, pool } = serverThatGives(3)
  let [under, most] = [0, 0]
  const work = async () => {
    under += 1
    most = Math.max(most, under)
    await Promise.resolve()
    under -= 1
  }
  const all = Array.from({ length: 100 }, () => pool.use(work))
  await runtime.rest()
  await Promise.all(all)
  assert.equal(most, 3)
  assert.ok(server.asked < 20, `${server.asked} tries to connect`)
  await pool.close()
})

test('a caller that waits for a new connection takes one that another gives back meanwhile', async () => {
  const { runtime, pool } = serverThatGives(1)
  const first = holder()
  const holding = pool.use(() => first.held)
  await runtime.rest()
  const second = pool.use(async () => 'done')
  await runtime.rest()
  first.letGo()
  assert.equal(await second, 'done')
  await holding
  await pool.close()
})

test('once the server gives more again, callers that wait get them, though nothing is given back', async () => {
  const { runtime, server, pool } = serverThatGives(1)
  const first = holder()
  const holding = pool.use(() => first.held)
  await runtime.rest()
  const second = pool.use(async () => 'done')
  await runtime.rest()
  server.gives = 2
  await runtime.advance(2_000)
  assert.equal(await second, 'done')
  first.letGo()
  await holding
  await pool.close()
})

test('a caller fails at once where there is no connection, and none can be had', async () => {
  const { runtime, server, pool } = serverThatGives(0)
  await assert.rejects(
    pool.use(async () => 'done'),
    /too many/,
  )
  await assert.rejects(
    pool.use(async () => 'done'),
    /too many/,
  )
  assert.equal(server.asked, 1, 'the second did not even try')
  server.gives = 1
  await runtime.advance(2_000)
  assert.equal(await pool.use(async () => 'done'), 'done')
  await pool.close()
})

test('a caller that waits longer than five seconds is told, and takes no connection from others afterwards', async () => {
  const { runtime, pool } = serverThatGives(1)
  const first = holder()
  const holding = pool.use(() => first.held)
  await runtime.rest()
  const second = assert.rejects(
    pool.use(async () => 'done'),
    StoreUnavailable,
  )
  await runtime.advance(5_000)
  await second
  first.letGo()
  await holding
  assert.equal(await pool.use(async () => 'third'), 'third')
  await pool.close()
})

test('a role that may have three connections serves fifty callers at once', async () => {
  const database = await testDatabase()
  const role = `limited_${process.pid}_${Math.floor(Math.random() * 1e9)}`
  await (await database.open(createRuntime(silentLog))).close()
  await database.query(`create role ${role} login connection limit 3`)
  try {
    await database.query(`grant usage on schema discue to ${role}`)
    await database.query(`grant all on all tables in schema discue to ${role}`)
    const place = { ...placeOf(database.url), user: role }
    const store = await openPostgresStore(place, createRuntime(silentLog))
    await Promise.all(Array.from({ length: 50 }, () => store.ping()))
    await store.close()
  } finally {
    await database.query(`drop owned by ${role}`)
    await database.query(`drop role ${role}`)
  }
})
