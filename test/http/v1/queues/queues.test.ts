import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi, startApi } from '../../../support/server/api.ts'

const api = await sharedApi()

async function create(name: string): Promise<Json> {
  const answer = await api.call('POST', '/v1/queues', { name })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.queue
}

test('creating a queue answers with its full form and its own link', async () => {
  const { body } = await api.call('POST', '/v1/queues', { name: 'new' })
  const { id } = body.queue
  const now = api.clock.now
  assert.deepEqual(body, {
    queue: { id, name: 'new', listeners: [], created_at: now, updated_at: now, paused: false, pending_count: 0 },
    _links: { self: { href: `http://localhost:80/v1/queues/${id}` } },
  })
  assert.match(id, /^[0-9A-Za-z]{21}$/)
  assert.deepEqual((await api.call('GET', `/v1/queues/${id}`)).body, body)
})

test('the full form lists the listeners and what is pending, and links to each listener', async () => {
  const queue = await create('with-listeners')
  const path = `/v1/queues/${queue.id}`
  const mail = (await api.call('POST', `${path}/listeners`, { name: 'mail', notify_url: 'http://a' })).body.listener
  await api.call('POST', `${path}/messages`, { data: 'x' })
  const { body } = await api.call('GET', path)
  assert.deepEqual(body.queue.listeners, [{ id: mail.id, name: 'mail' }])
  assert.equal(body.queue.pending_count, 1)
  assert.equal(body._links.mail.href, `http://localhost:80${path}/listeners/${mail.id}`)
})

test('PUT and PATCH rename, and what was read can be sent back', async () => {
  const queue = await create('to-rename')
  api.clock.now += 500
  const put = await api.call('PUT', `/v1/queues/${queue.id}`, { ...queue, name: 'renamed' })
  assert.deepEqual(put.body.queue, { ...queue, name: 'renamed', updated_at: queue.created_at + 500 })
  assert.equal((await api.call('PATCH', `/v1/queues/${queue.id}`, {})).body.queue.name, 'renamed')
  assert.equal((await api.call('PATCH', `/v1/queues/${queue.id}`, { name: 'again' })).body.queue.name, 'again')
})

test('a name that another queue has is refused, its own is not', async () => {
  const one = await create('one')
  await create('two')
  assert.equal((await api.call('POST', '/v1/queues', { name: 'one' })).body.detail, 'name is taken')
  assert.equal((await api.call('PUT', `/v1/queues/${one.id}`, { name: 'two' })).status, 422)
  assert.equal((await api.call('PUT', `/v1/queues/${one.id}`, { name: 'one' })).status, 200)
})

test('a deleted queue is gone with all that is in it, and its lanes are told', async () => {
  const queue = await create('to-delete')
  const path = `/v1/queues/${queue.id}`
  const listener = (await api.call('POST', `${path}/listeners`, { name: 'l', notify_url: 'http://a' })).body.listener
  const message = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
  assert.deepEqual((await api.call('DELETE', path)).body, { _links: { self: { href: `http://localhost:80${path}` } } })
  assert.deepEqual(api.carried.slice(-2), [{ gone: listener.id }, 'removal'])
  for (const gone of ['', '/listeners', `/listeners/${listener.id}`, '/messages', `/messages/${message.id}`]) {
    assert.equal((await api.call('GET', path + gone)).status, 404, gone)
  }
  assert.equal((await api.call('DELETE', path)).status, 404)
  assert.equal((await api.call('PUT', path, { name: 'back' })).status, 404)
})

test('a listing holds everything, oldest first, unless it is paged', async () => {
  const fresh = await startApi()
  for (let number = 1; number <= 105; number++) {
    fresh.clock.now += 1
    await fresh.call('POST', '/v1/queues', { name: `q${number}` })
  }
  const all = (await fresh.call('GET', '/v1/queues')).body
  assert.deepEqual(
    all.queues.map((queue: Json) => queue.name),
    Array.from({ length: 105 }, (_, i) => `q${i + 1}`),
  )
  assert.equal(Object.keys(all._links).length, 106)
  assert.equal('_embedded' in all, false)
  const page = async (query: string) => (await fresh.call('GET', `/v1/queues?${query}`)).body
  const names = ({ queues }: Json) => queues.map((queue: Json) => queue.name)
  const second = await page('page=2&per_page=50&_embed')
  assert.deepEqual([names(second)[0], names(second).length], ['q51', 50])
  assert.equal(second._embedded.queues.length, 50)
  const at = (number: number) => ({ href: `http://localhost:80/v1/queues?page=${number}&per_page=50&_embed=true` })
  const { self, first, prev, next } = second._links
  assert.deepEqual({ self, first, prev, next }, { self: at(2), first: at(1), prev: at(1), next: at(3) })
  const last = await page('page=3&per_page=50')
  assert.deepEqual(names(last), ['q101', 'q102', 'q103', 'q104', 'q105'])
  assert.equal('next' in last._links, false)
  assert.equal('prev' in (await page('page=1'))._links, false)
  assert.equal(names(await page('page=1')).length, 100)
  assert.deepEqual(names(await page('per_page=2')), ['q1', 'q2'])
  const exact = await page('page=1&per_page=100')
  assert.ok('next' in exact._links)
  assert.equal('next' in (await page('page=21&per_page=5'))._links, false)
  const beyond = await page('page=1000000000')
  assert.deepEqual(beyond.queues, [])
  await fresh.app.close()
})

test('a page that cannot be is a 400', async () => {
  for (const query of [
    'page=0',
    'page=-1',
    'page=x',
    'page=',
    'page=1.5',
    'per_page=0',
    'per_page=101',
    'page=1&page=2',
  ]) {
    assert.equal((await api.call('GET', `/v1/queues?${query}`)).status, 400, query)
  }
})

test('names that objects have of their own are fine names, and are linked', async () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const { id } = await create(name)
    const { body } = await api.call('GET', '/v1/queues')
    assert.ok(Object.hasOwn(body._links, name), name)
    assert.equal(Object.getOwnPropertyDescriptor(body._links, name)?.value.href, `http://localhost:80/v1/queues/${id}`)
  }
})
