import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_SETTINGS } from '../../../../src/core/delivery/listener.ts'
import { Problem } from '../../../../src/core/problem.ts'
import { type Json, OTHER_OWNER_KEY, OWNER_KEY, sharedApi, startApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'mail' })).body.queue
const base = `/v1/queues/${queue.id}/messages`

async function post(data: string, name?: string): Promise<Json> {
  const answer = await api.call('POST', base, { data, name })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.message
}

async function read(id: string): Promise<Json> {
  return (await api.call('GET', `${base}/${id}`)).body.message
}

test('posting a message answers with its reference, and with its id as name where it has none', async () => {
  const { body } = await api.call('POST', base, { data: '{}' })
  const { id } = body.message
  assert.deepEqual(body, { message: { id, name: id }, _links: { self: { href: `http://localhost:80${base}/${id}` } } })
  const named = await api.call('POST', base, { data: '{}', name: 'order-1' })
  assert.deepEqual(named.body.message, { id: named.body.message.id, name: 'order-1' })
})

test('the full form has data, times, status and deliveries', async () => {
  const own = (await api.call('POST', '/v1/queues', { name: 'delivered' })).body.queue
  const path = `/v1/queues/${own.id}`
  const alone = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
  const body = { name: 'l', notify_url: 'http://example.com' }
  const listener = (await api.call('POST', `${path}/listeners`, body)).body.listener
  const { id } = (await api.call('POST', `${path}/messages`, { data: 'a' })).body.message
  const now = api.clock.now
  assert.deepEqual((await api.call('GET', `${path}/messages/${id}`)).body, {
    message: {
      id,
      name: id,
      data: 'a',
      created_at: now,
      deliver_at: now,
      status: 'pending',
      deliveries: [
        { listener_id: listener.id, status: 'pending', attempts: 0, last_attempt_at: null, next_attempt_at: now },
      ],
    },
    _links: { self: { href: `http://localhost:80${path}/messages/${id}` } },
  })
  const { body: unrouted } = await api.call('GET', `${path}/messages/${alone.id}`)
  assert.deepEqual([unrouted.message.status, unrouted.message.deliveries], ['unrouted', []])
  assert.deepEqual(await idsOf(`${path}/messages?status=unrouted`), [alone.id])

  await api.call('DELETE', `${path}/listeners/${listener.id}`)
  const gone = { listener_id: listener.id, status: 'discarded', attempts: 0, last_attempt_at: null }
  const { body: discarded } = await api.call('GET', `${path}/messages/${id}`)
  assert.equal(discarded.message.status, 'discarded')
  assert.deepEqual(discarded.message.deliveries, [{ ...gone, next_attempt_at: null }])
  assert.deepEqual(await idsOf(`${path}/messages?status=discarded`), [id])
})

async function idsOf(path: string): Promise<string[]> {
  return (await api.call('GET', path)).body.messages.map((message: { id: string }) => message.id)
}

test('data comes back as it was sent, NUL and all', async () => {
  const texts = ['', '\u0000', 'a\u0000b\u0000', '\u2028\ufeff', '😀', '"\\\n\t', '{"a":[1,2]}']
  for (const data of texts) assert.equal((await read((await post(data)).id)).data, data)
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(text, async (data) => assert.equal((await read((await post(data)).id)).data, data)),
    { numRuns: 100 },
  )
})

test('data that is not valid Unicode is a 422', async () => {
  for (const data of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
    const { status, body } = await api.call('POST', base, { data })
    assert.equal(status, 422)
    assert.equal(body.errors[0].path, '/data')
  }
})

test('data must be a string', async () => {
  for (const data of [undefined, null, 1, true, {}, ['x']]) {
    const { status, body } = await api.call('POST', base, { data })
    assert.equal(status, 422)
    assert.equal(body.errors[0].path, '/data')
  }
})

test('data has room for exactly 256 KiB of UTF-8', async () => {
  const limit = 256 * 1024
  for (const unit of ['x', 'é', '€', '😀']) {
    const size = Buffer.byteLength(unit)
    const full = unit.repeat(Math.floor(limit / size)) + 'x'.repeat(limit % size)
    assert.equal((await api.call('POST', base, { data: full })).status, 200, unit)
    const { status, body } = await api.call('POST', base, { data: `${full}x` })
    assert.equal(status, 413, unit)
    assert.equal(body.title, 'Content Too Large')
    assert.deepEqual(body.errors, [{ path: '/data', message: 'must be at most 262144 bytes of UTF-8' }])
  }
})

test('a message can be renamed, and what was read can be sent back', async () => {
  const full = await read((await post('x')).id)
  const { body } = await api.call('PUT', `${base}/${full.id}`, { ...full, name: 'renamed' })
  assert.deepEqual(body.message, { ...full, name: 'renamed' })
  assert.equal((await api.call('PATCH', `${base}/${full.id}`, {})).body.message.name, 'renamed')
  assert.equal((await api.call('PUT', `${base}/${full.id}`, { data: 'other' })).body.message.data, 'x')
  assert.equal((await api.call('PUT', `${base}/${full.id}`, { datum: 'x' })).status, 422)
})

test('a deleted message is gone, and the lanes are told that waited for it', async () => {
  const own = (await api.call('POST', '/v1/queues', { name: 'cancelled' })).body.queue
  const path = `/v1/queues/${own.id}`
  const body = { name: 'l', notify_url: 'http://example.com' }
  const listener = (await api.call('POST', `${path}/listeners`, body)).body.listener
  const { id } = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
  const { body: answer } = await api.call('DELETE', `${path}/messages/${id}`)
  assert.deepEqual(answer, { _links: { self: { href: `http://localhost:80${path}/messages/${id}` } } })
  assert.deepEqual(api.carried.at(-1), { messageGone: id, listenerId: listener.id })
  for (const [method, change] of [['GET'], ['PUT', {}], ['DELETE']] as const) {
    assert.equal((await api.call(method, `${path}/messages/${id}`, change)).status, 404)
  }
})

test('a message is found only in its own queue', async () => {
  const other = (await api.call('POST', '/v1/queues', { name: 'elsewhere' })).body.queue
  const { id } = await post('x')
  for (const [method, body] of [['GET'], ['PUT', {}], ['DELETE']] as const) {
    assert.equal((await api.call(method, `/v1/queues/${other.id}/messages/${id}`, body)).status, 404)
  }
  assert.equal((await api.call('GET', `/v1/queues/${other.id}/messages/${id}/attempts`)).status, 404)
  assert.equal((await read(id)).data, 'x')
})

test('links of a listing go by name, or by id where there is none or it occurs twice', async () => {
  const own = (await api.call('POST', '/v1/queues', { name: 'linked' })).body.queue
  const path = `/v1/queues/${own.id}/messages`
  const ids: string[] = []
  for (const name of ['single', 'double', 'double', undefined]) {
    ids.push((await api.call('POST', path, { data: 'x', name })).body.message.id)
  }
  // The name of one is the id of another.
  ids.push((await api.call('POST', path, { data: 'x', name: ids[3] })).body.message.id)
  const { body } = await api.call('GET', path)
  const { self, single, ...others } = body._links
  assert.equal(self.href, `http://localhost:80${path}`)
  assert.equal(single.href, `http://localhost:80${path}/${ids[0]}`)
  assert.deepEqual(Object.keys(others).sort(), ids.slice(1).sort())
  for (const [id, { href }] of Object.entries<Json>(others)) assert.equal(href, `http://localhost:80${path}/${id}`)
})

test('listings are newest first, 100 at a time, and the cursor stays right while new ones arrive', async () => {
  const fresh = await startApi()
  const own = (await fresh.call('POST', '/v1/queues', { name: 'many' })).body.queue
  const path = `/v1/queues/${own.id}/messages`
  const add = async (number: number) => {
    fresh.clock.now += 1
    await fresh.call('POST', path, { data: `${number}`, name: `m${number}` })
  }
  for (let number = 1; number <= 230; number++) await add(number)
  for (const start of [`${path}?_embed`, '/v1/messages?_embed']) {
    const seen: string[] = []
    let next: string | undefined = start
    const sizes: number[] = []
    while (next !== undefined) {
      const { body }: Json = await fresh.call('GET', next)
      seen.push(...body._embedded.messages.map((message: Json) => message.data))
      sizes.push(body.messages.length)
      next = body._links.next?.href.slice('http://localhost:80'.length)
      await add(1000 + sizes.length)
    }
    const old = seen.filter((data) => Number(data) <= 230)
    assert.deepEqual(
      old,
      Array.from({ length: 230 }, (_, index) => String(230 - index)),
    )
    assert.deepEqual(sizes.slice(0, 2), [100, 100])
  }
  const small = (await fresh.call('GET', `${path}?per_page=2`)).body
  assert.equal(small.messages.length, 2)
  assert.match(small._links.next.href, /\?per_page=2&cursor=[\w-]+$/)
  const third = (await fresh.call('GET', `${path}?page=3&per_page=10`)).body
  assert.equal(third.messages.length, 10)
  assert.match(third._links.prev.href, /page=2&per_page=10$/)
  assert.match(third._links.next.href, /page=4&per_page=10$/)
  await fresh.app.close()
})

test('a cursor that no listing gave is a 400', async () => {
  for (const cursor of ['', 'x', '%00', Buffer.from('x'.repeat(22)).toString('base64url'), `${'A'.repeat(500)}`]) {
    assert.equal((await api.call('GET', `${base}?cursor=${cursor}`)).status, 400, cursor)
  }
})

test('a listing of a queue that is not there is a 404', async () => {
  assert.equal((await api.call('GET', `/v1/queues/${'0'.repeat(21)}/messages`)).status, 404)
  assert.equal((await api.call('GET', '/v1/queues/%00/messages')).status, 404)
})

test('a queue that changed since it was read is read again', async () => {
  const route = await api.store.queues.route({ organizationId: api.organizations.first, id: queue.id })
  await post('fills the directory')
  const listener = {
    ...route!.queue,
    notifyUrl: 'http://example.com',
    livenessUrl: null,
    secret: 's',
    retiredSecrets: [],
  }
  const settings = {
    ...DEFAULT_SETTINGS,
    retry: { maxAttempts: 1, initialDelayMs: 10, maxDelayMs: 10, multiplier: 1 },
    timeoutMs: 100,
    maxConcurrency: 1,
  }
  const id = api.deps.runtime.newId()
  // Behind the back of the directory, as another node would.
  await api.store.listeners.create({ ...listener, id, queueId: queue.id, name: 'unseen', settings })
  const message = await read((await post('x')).id)
  assert.deepEqual(
    message.deliveries.map((delivery: Json) => delivery.listener_id),
    [id],
  )
})

test('a queue that another node deleted takes no message: it is a 423, and a 404 once it is gone', async () => {
  const own = (await api.call('POST', '/v1/queues', { name: 'vanishing' })).body.queue
  const path = `/v1/queues/${own.id}/messages`
  assert.equal((await api.call('POST', path, { data: 'x' })).status, 200)
  await api.store.queues.delete({ organizationId: api.organizations.first, id: own.id, now: api.clock.now })
  assert.equal((await api.call('POST', path, { data: 'x' })).status, 423)
  while ((await api.store.removals.sweep({ limit: 100 })) > 0);
  assert.equal((await api.call('POST', path, { data: 'x' })).status, 404)
})

test('a queue that never stops changing is a 503, not an endless loop', async () => {
  let asked = 0
  const accept = async () => {
    asked++
    return 'stale' as const
  }
  const stale = await startApi({ wrap: ({ acceptor }) => ({ acceptor: { ...acceptor, accept } }) })
  const own = (await stale.call('POST', '/v1/queues', { name: 'restless' })).body.queue
  const { status } = await stale.call('POST', `/v1/queues/${own.id}/messages`, { data: 'x' })
  assert.equal(status, 503)
  assert.ok(asked > 1 && asked < 100)
  await stale.app.close()
})

test('a server that cannot take a message says so and when to try again', async () => {
  for (const code of ['overloaded', 'stopping', 'store_unavailable'] as const) {
    const accept = async () => Promise.reject(new Problem(code))
    const busy = await startApi({ wrap: ({ acceptor }) => ({ acceptor: { ...acceptor, accept } }) })
    const own = (await busy.call('POST', '/v1/queues', { name: 'busy' })).body.queue
    const response = await busy.inject({
      method: 'POST',
      url: `/v1/queues/${own.id}/messages`,
      headers: { 'x-api-key': OWNER_KEY },
      body: { data: 'x' },
    })
    assert.equal(response.statusCode, 503)
    assert.equal(response.headers['retry-after'], '1')
    await busy.app.close()
  }
})

test('a page of all queues can lie anywhere, and past the end it is empty', async () => {
  const own = await startApi()
  const ids: string[] = []
  for (let i = 0; i < 12; i++) {
    const { queue } = (await own.call('POST', '/v1/queues', { name: `q${i}` })).body
    own.clock.now += 60_000
    const messages = Array.from({ length: 1_000 }, () => ({ data: 'x' }))
    const { status, body } = await own.call('POST', `/v1/queues/${queue.id}/messages/batch`, { messages })
    assert.equal(status, 200)
    const { body: page } = await own.call('GET', `/v1/queues/${queue.id}/messages?per_page=100&page=7`)
    assert.equal(page.messages.length, 100)
    ids.push(...body.messages.map((message: Json) => message.id))
  }
  ids.sort().reverse()
  for (const page of [1, 5, 101, 119, 120]) {
    const { status, body } = await own.call('GET', `/v1/messages?page=${page}&per_page=100`)
    assert.equal(status, 200)
    assert.deepEqual(
      body.messages.map((message: Json) => message.id),
      ids.slice((page - 1) * 100, page * 100),
    )
    assert.equal('next' in body._links, page < 120)
    assert.equal('prev' in body._links, page > 1)
  }
  for (const page of [121, 10_001, 1_000_000_000]) {
    const { status, body } = await own.call('GET', `/v1/messages?page=${page}&per_page=100`)
    assert.equal(status, 200)
    assert.deepEqual(body.messages, [])
    assert.equal('next' in body._links, false)
  }
  await own.app.close()
})

test('a message is found without its queue, by a key that may see it either way', async () => {
  const { id } = await post('found')
  const { status, body } = await api.call('GET', `/v1/messages/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(body, (await api.call('GET', `${base}/${id}`)).body)
  const keyFor = async (targets: string[]) => {
    const scopes = [{ resource: 'messages', access: 'read', targets }]
    return (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  }
  const unknown = '0'.repeat(21)
  for (const [targets, seen, missing] of [
    [['*'], 200, 404],
    [[id], 200, 403],
    [[body._links.self.href.split('/')[5]], 200, 403],
    [[unknown], 403, 404],
    [[], 403, 403],
  ] as const) {
    const key = await keyFor([...targets])
    const answered = async (path: string) => (await api.call('GET', `/v1/messages/${path}`, undefined, key)).status
    assert.deepEqual([await answered(id), await answered(unknown)], [seen, missing], targets.join())
  }
  assert.equal((await api.call('GET', `/v1/messages/${id}`, undefined, OTHER_OWNER_KEY)).status, 404)
  for (const text of [unknown, 'short']) assert.equal((await api.call('GET', `/v1/messages/${text}`)).status, 404)
})
