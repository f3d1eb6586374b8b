import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { makeOldPostgres, makeOldSqlite } from '../support/server/old-database.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const HOUR_MS = 3_600_000

for (const kind of ['sqlite', 'postgres'] as const) {
  test(`${kind}: what an older version stored answers by the rules of this one`, async () => {
    const folder = makeFolder()
    const url = kind === 'sqlite' ? makeOldSqlite(join(folder.path, 'old.db')) : (await makeOldPostgres()).url
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
