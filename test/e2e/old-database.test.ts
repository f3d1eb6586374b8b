import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { testDatabase } from '../support/postgres/postgres.ts'
import { createClient } from '../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

/**
 * Rows as a server of an older version wrote them, which was asked for: a key without a name and one with; a queue
 * `lonely` with a message and no listener; a queue `orders` with the listeners `shop` and `gone`, which pull. Both took
 * `both`; `shop` alone took `half`; another message and `later`, which is scheduled, wait. Then `gone` was deleted.
 */
const ROWS = {
  sqlite: { file: 'sqlite-0019.sql', migrations: 19 },
  postgres: { file: 'postgres-0005.sql', migrations: 5 },
}
const HOUR_MS = 3_600_000
/** After everything that the rows tell of, but for what is scheduled. */
const ASKED_AT = 1_796_053_570_000

type Kind = keyof typeof ROWS

/** The rows with their times as if that had been a minute ago. */
function rowsOf(kind: Kind): string {
  const text = readFileSync(new URL(`./old-database/${ROWS[kind].file}`, import.meta.url), 'utf8')
  const shift = Date.now() - 60_000 - ASKED_AT
  return text.replace(/\b1796\d{9}\b/g, (time) => String(Number(time) + shift))
}

function migrationsOf(kind: Kind): { name: string; sql: string }[] {
  const folder = new URL(`../../src/store-${kind}/migrations/`, import.meta.url)
  const names = readdirSync(folder).sort().slice(0, ROWS[kind].migrations)
  return names.map((name) => ({ name, sql: readFileSync(new URL(name, folder), 'utf8') }))
}

function makeSqlite(path: string): string {
  const db = new DatabaseSync(path)
  for (const { sql } of migrationsOf('sqlite')) db.exec(sql)
  db.exec(`pragma application_id = ${0x64736375}; pragma user_version = ${ROWS.sqlite.migrations}`)
  db.exec(rowsOf('sqlite'))
  db.close()
  return `sqlite:${path}`
}

async function makePostgres(): Promise<string> {
  const database = await testDatabase()
  await database.query(`
    create schema discue;
    create table discue.migrations (number integer primary key, name text not null, applied_at timestamptz default now())`)
  for (const [index, { name, sql }] of migrationsOf('postgres').entries()) {
    await database.query(sql)
    await database.query('insert into discue.migrations (number, name) values ($1, $2)', [index + 1, name])
  }
  await database.query(rowsOf('postgres'))
  return database.url
}

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`${kind}: what an older version stored answers by the rules of this one`, async () => {
    const folder = makeFolder()
    const url = kind === 'sqlite' ? makeSqlite(join(folder.path, 'old.db')) : await makePostgres()
    const server = await startServerProcess({ DISCUE_DATABASE_URL: url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
    try {
      await checkAnswers(createClient(() => server.url))
    } finally {
      await server.end('SIGTERM')
      folder[Symbol.dispose]()
    }
  })
}

async function checkAnswers({ call }: ReturnType<typeof createClient>): Promise<void> {
  const get = async (path: string) => {
    const { status, body } = await call('GET', path)
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
    return body
  }
  const ids = new Map<string, string>((await get('/queues')).queues.map(({ id, name }: Named) => [name, id]))
  const [lonely, orders] = [`/queues/${ids.get('lonely')}`, `/queues/${ids.get('orders')}`]

  const keys: Named[] = (await get('/api_keys')).api_keys
  assert.deepEqual(keys.map(({ id, name }) => (name === id ? 'none' : name)).sort(), ['named', 'none', 'root'])

  const [unrouted] = (await get(`${lonely}/messages?_embed`))._embedded.messages
  assert.deepEqual([unrouted.name, unrouted.status, unrouted.deliveries], [unrouted.id, 'unrouted', []])
  const nothing = await call('POST', `${lonely}/messages/${unrouted.id}/redeliver`)
  assert.deepEqual([nothing.status, nothing.body.errors[0].path], [422, '/listener_ids'])

  const messages = (await get(`${orders}/messages?_embed`))._embedded.messages
  const stands = messages.map(({ id, name, status, deliveries }: Stored) => {
    return [name === id ? 'none' : name, status, deliveries.map((delivery) => delivery.status).sort()]
  })
  assert.deepEqual(stands, [
    ['later', 'scheduled', ['discarded', 'pending']],
    ['none', 'pending', ['discarded', 'pending']],
    ['half', 'discarded', ['delivered', 'discarded']],
    ['both', 'delivered', ['delivered', 'delivered']],
  ])
  for (const [status, names] of [
    ['discarded', ['half']],
    ['delivered', ['both']],
    ['scheduled', ['later']],
    ['unrouted', []],
  ] as const) {
    const found: Named[] = (await get(`${orders}/messages?status=${status}`)).messages
    assert.deepEqual(
      found.map(({ name }) => name),
      names,
    )
  }

  const [later] = messages
  const redelivered = await call('POST', `${orders}/messages/${later.id}/redeliver`)
  assert.equal(redelivered.body.message.status, 'scheduled')
  assert.ok(later.deliver_at - later.created_at === HOUR_MS)

  const { events } = await get('/events')
  const { stored_at: at, id } = events.at(-1)
  const followed = await get(`/events?startAfter=${at}&startAfterId=${id}`)
  assert.equal(followed.events.length, 14)
  assert.deepEqual(followed.events, events.slice(0, -1).reverse())

  const [shop] = (await get(`${orders}/listeners`)).listeners
  const pulled = await call('POST', `${orders}/listeners/${shop.id}/pull`, { max: 5 })
  assert.deepEqual(
    pulled.body.messages.map(({ data }: { data: string }) => data),
    ['waits'],
  )
  const { ledger } = await get('/ledger')
  assert.deepEqual([ledger.unaccounted, ledger.unaccounted_pairs], [0, []])
}

interface Named {
  id: string
  name: string
}

interface Stored extends Named {
  status: string
  deliveries: { status: string }[]
}
