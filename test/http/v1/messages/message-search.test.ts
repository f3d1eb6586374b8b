import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, START, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()

async function addQueue(name: string): Promise<string> {
  const { queue } = (await api.call('POST', '/v1/queues', { name })).body
  const listener = { name: 'shop', notify_url: 'http://example.com' }
  assert.equal((await api.call('POST', `/v1/queues/${queue.id}/listeners`, listener)).status, 200)
  return queue.id
}

async function post(queue: string, message: object): Promise<string> {
  const { status, body } = await api.call('POST', `/v1/queues/${queue}/messages`, { data: 'x', ...message })
  assert.equal(status, 200, JSON.stringify(body))
  api.clock.now += 1_000
  return body.message.id
}

async function search(queue: string, query: string, key?: string): Promise<Json> {
  const { status, body } = await api.call('GET', `/v1/queues/${queue}/messages?${query}`, undefined, key)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

const idsOf = (body: Json): string[] => body.messages.map(({ id }: Json) => id)

/** Follows `next` to the end, as a caller would. */
async function everything(queue: string, query: string): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = []
  let url = `/v1/queues/${queue}/messages?${query}`
  for (let pages = 1; pages < 100; pages++) {
    const { body } = await api.call('GET', url)
    ids.push(...idsOf(body))
    if (body._links.next === undefined) return { ids, pages }
    url = body._links.next.href.replace('http://localhost:80', '')
  }
  return assert.fail('the search does not end')
}

test('messages are found by name, key, status and time, alone and together', async () => {
  const queue = await addQueue('found')
  const begin = api.clock.now
  const first = await post(queue, { name: 'order', key: 'c-1' })
  const second = await post(queue, { name: 'order', key: 'c-2' })
  const third = await post(queue, { name: 'invoice', key: 'c-1', delay: 3_600_000 })
  assert.deepEqual(idsOf(await search(queue, 'name=order')), [second, first])
  assert.deepEqual(idsOf(await search(queue, 'key=c-1')), [third, first])
  assert.deepEqual(idsOf(await search(queue, 'name=order&key=c-1')), [first])
  assert.deepEqual(idsOf(await search(queue, 'status=scheduled')), [third])
  assert.deepEqual(idsOf(await search(queue, 'status=pending')), [second, first])
  assert.deepEqual(idsOf(await search(queue, `since=${begin + 1_000}`)), [third, second])
  assert.deepEqual(idsOf(await search(queue, `since=${begin + 1_000}&until=${begin + 1_000}`)), [second])
  assert.deepEqual(idsOf(await search(queue, `until=${begin - 1}`)), [])
  assert.deepEqual(idsOf(await search(queue, `status=pending&until=${begin}`)), [first])
  const { _embedded } = await search(queue, 'name=invoice&_embed')
  assert.deepEqual([_embedded.messages[0].id, _embedded.messages[0].status], [third, 'scheduled'])
})

test('a search goes on by its next link, which keeps what is searched for', async () => {
  const queue = await addQueue('paged')
  const all: string[] = []
  for (let index = 0; index < 7; index++) all.unshift(await post(queue, { name: 'paged', key: `k ${index % 2}` }))
  const body = await search(queue, 'name=paged&status=pending&per_page=3&_embed')
  assert.deepEqual(idsOf(body), all.slice(0, 3))
  const next = new URL(body._links.next.href)
  for (const [name, value] of Object.entries({ name: 'paged', status: 'pending', per_page: '3', _embed: 'true' })) {
    assert.equal(next.searchParams.get(name), value)
  }
  assert.deepEqual((await everything(queue, 'name=paged&per_page=3')).ids, all)
  assert.equal((await everything(queue, 'key=k%200&per_page=1')).ids.length, 4)
})

test('a search among very many looks at a bounded number at a time, and finds everything in the end', async () => {
  const queue = await addQueue('many')
  const discarded = await post(queue, {})
  const [listener] = (await api.call('GET', `/v1/queues/${queue}/listeners`)).body.listeners
  assert.equal((await api.call('DELETE', `/v1/queues/${queue}/listeners/${listener.id}`)).status, 200)
  for (let batch = 0; batch < 21; batch++) {
    const messages = Array.from({ length: 1_000 }, () => ({ data: 'x' }))
    assert.equal((await api.call('POST', `/v1/queues/${queue}/messages/batch`, { messages })).status, 200)
    api.clock.now += 1
  }
  const page = await search(queue, 'status=discarded')
  assert.deepEqual(idsOf(page), [])
  assert.ok(page._links.next)
  assert.deepEqual(await everything(queue, 'status=discarded'), { ids: [discarded], pages: 3 })
})

test('messages are found by text and values in their data, together with all else', async () => {
  const queue = await addQueue('content')
  const first = await post(queue, { name: 'order', data: '{"order":{"id":17,"state":"open"}}' })
  const second = await post(queue, { name: 'order', data: '{"order":{"id":"17","state":"closed"}}' })
  const third = await post(queue, { data: 'plain text, 100% of it' })
  assert.deepEqual(idsOf(await search(queue, 'data.order.id=17')), [second, first])
  assert.deepEqual(idsOf(await search(queue, 'data.order.id=17&data.order.state=open')), [first])
  assert.deepEqual(idsOf(await search(queue, 'contains=100%25%20of')), [third])
  assert.deepEqual(idsOf(await search(queue, 'contains=order&name=order&status=pending&per_page=1')), [second])
  assert.deepEqual(idsOf(await search(queue, 'contains=nowhere')), [])
  const { ids, pages } = await everything(queue, 'data.order.id=17&contains=order&per_page=1')
  assert.deepEqual([ids, pages > 1], [[second, first], true])
})

test('messages are found by how a listener stands with them', async () => {
  const queue = await addQueue('stands')
  const id = await post(queue, {})
  const [listener] = (await api.call('GET', `/v1/queues/${queue}/listeners`)).body.listeners
  assert.deepEqual(idsOf(await search(queue, `listener_id=${listener.id}&delivery_status=pending`)), [id])
  assert.deepEqual(idsOf(await search(queue, `listener_id=${listener.id}&delivery_status=missed`)), [])
  assert.deepEqual(idsOf(await search(queue, `listener_id=${'0'.repeat(21)}`)), [])
})

test('a search over all queues finds in each of them what the key may see, and nothing elsewhere', async () => {
  const queues = [await addQueue('all-1'), await addQueue('all-2'), await addQueue('all-3')]
  const ids: string[] = []
  for (const queue of [...queues, ...queues]) ids.unshift(await post(queue, { name: 'everywhere', data: 'needle' }))
  const found = async (query: string, key?: string) =>
    idsOf((await api.call('GET', `/v1/messages?${query}`, undefined, key)).body)
  assert.deepEqual(await found('contains=needle'), ids)
  assert.deepEqual(await found('name=everywhere&status=pending'), ids)
  const page = (await api.call('GET', '/v1/messages?contains=needle&per_page=4')).body
  assert.deepEqual(idsOf(page), ids.slice(0, 4))
  const { body } = await api.call('GET', page._links.next.href.replace('http://localhost:80', ''))
  assert.deepEqual(idsOf(body), ids.slice(4))
  const scopes = [{ resource: 'messages', access: 'read', targets: [queues[1]] }]
  const key = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  assert.deepEqual(await found('contains=needle', key), [ids[1], ids[4]])
  assert.deepEqual(await found('contains=needle', 'owner-key-of-the-other-organization'), [])
})

test('a search through much data stops in between, and goes on where it stopped', async () => {
  const queue = await addQueue('heavy')
  const needle = await post(queue, { data: 'needle' })
  const data = 'x'.repeat(250 * 1024)
  for (let batch = 0; batch < 2; batch++) {
    const messages = Array.from({ length: 40 }, () => ({ data }))
    assert.equal((await api.call('POST', `/v1/queues/${queue}/messages/batch`, { messages })).status, 200)
    api.clock.now += 1
  }
  const page = await search(queue, 'contains=needle')
  assert.deepEqual(idsOf(page), [])
  assert.ok(page._links.next)
  assert.deepEqual(await everything(queue, 'contains=needle'), { ids: [needle], pages: 2 })
})

test('a key for one message finds that one only', async () => {
  const queue = await addQueue('narrow')
  const shown = await post(queue, { name: 'n' })
  await post(queue, { name: 'n' })
  const scopes = [{ resource: 'messages', access: 'read', targets: [shown] }]
  const key = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  assert.deepEqual(idsOf(await search(queue, 'name=n', key)), [shown])
})

test("another organization's queue is a 404 for a search, too", async () => {
  const queue = await addQueue('theirs')
  const path = `/v1/queues/${queue}/messages?name=x`
  assert.equal((await api.call('GET', path, undefined, 'owner-key-of-the-other-organization')).status, 404)
  assert.equal((await api.call('GET', `/v1/queues/${'0'.repeat(21)}/messages?name=x`)).status, 404)
})

for (const [query, path] of [
  ['status=lost', 'status'],
  ['since=yesterday', 'since'],
  ['until=-1', 'until'],
  ['name=', 'name'],
  ['name=x&page=2', 'page'],
  ['delivery_status=lost', 'delivery_status'],
  ['contains=', 'contains'],
  [`contains=${'x'.repeat(1_025)}`, 'contains'],
  ['data.a..b=1', 'data.a..b'],
  ['data.a=', 'data.a'],
  ['data.a=1&data.a=2', 'data.a'],
  [Array.from({ length: 9 }, (_, index) => `data.a${index}=1`).join('&'), 'data.'],
  ['name=x&cursor=nonsense', 'cursor'],
] as const) {
  test(`${query} is a 400 that names ${path}`, async () => {
    const queue = await addQueue(`bad-${path}-${query.length}`)
    const { status, body } = await api.call('GET', `/v1/queues/${queue}/messages?${query}`)
    assert.deepEqual([status, body.errors[0].path], [400, path])
  })
}

test('the range takes any time that there is', async () => {
  const queue = await addQueue('ever')
  const id = await post(queue, {})
  const query = `since=0&until=${10 ** 15 - 1}`
  assert.equal((await api.call('GET', `/v1/queues/${queue}/messages?${query}`)).status, 200)
  assert.deepEqual(idsOf(await search(queue, `since=${START}&until=${START * 100}`)), [id])
})
