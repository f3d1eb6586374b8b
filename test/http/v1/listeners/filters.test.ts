import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let names = 0

/** A queue of its own, with a pull listener for each filter; null is none. */
async function queueWith(...filters: unknown[]) {
  const { id } = (await api.call('POST', '/v1/queues', { name: `filters-${++names}` })).body.queue
  const base = `/v1/queues/${id}`
  const listeners: string[] = []
  for (const [place, filter] of filters.entries()) {
    const { status, body } = await api.call('POST', `${base}/listeners`, { name: `l${place}`, filter })
    assert.equal(status, 200, JSON.stringify(body))
    listeners.push(body.listener.id)
  }
  const post = async (message: object) => {
    const { status, body } = await api.call('POST', `${base}/messages`, message)
    assert.equal(status, 200, JSON.stringify(body))
    return (await api.call('GET', `${base}/messages/${body.message.id}`)).body.message
  }
  const pull = async (place: number) => {
    const { body } = await api.call('POST', `${base}/listeners/${listeners[place]}/pull`, { max: 100 })
    return body.messages.map(({ data }: { data: string }) => data)
  }
  return { base, listeners, post, pull }
}

/** Ids of one millisecond have no order. */
const byReason = (a: { failed: string }, b: { failed: string }) => (a.failed < b.failed ? -1 : 1)

const recipientsOf = (message: { deliveries: { listener_id: string }[] }) =>
  message.deliveries.map(({ listener_id: id }) => id).sort()

test('a listener gets the messages that fit its filter, and the journey tells of the others what did not fit', async () => {
  const { listeners, post, pull } = await queueWith(
    null,
    { name: ['orders.*'] },
    { data: { type: 'order', 'total.amount': { $gt: 100 } } },
  )
  const [all, byName, byData] = listeners as [string, string, string]
  const both = await post({ name: 'orders.new', data: '{"type":"order","total":{"amount":101}}' })
  assert.deepEqual(recipientsOf(both), [...listeners].sort())
  assert.equal('left_out' in both, false)
  const cheap = await post({ name: 'order', data: '{"type":"order","total":{"amount":100}}' })
  assert.deepEqual(recipientsOf(cheap), [all])
  assert.deepEqual(cheap.left_out.toSorted(byReason), [
    { listener_id: byData, reason: 'filter', failed: '/data/total.amount/$gt' },
    { listener_id: byName, reason: 'filter', failed: '/name' },
  ])
  const text = await post({ name: 'orders.', data: 'no JSON' })
  assert.deepEqual(text.left_out, [{ listener_id: byData, reason: 'filter', failed: '/data' }])
  assert.deepEqual(
    [await pull(0), await pull(1), await pull(2)],
    [[both.data, cheap.data, text.data], [both.data, text.data], [both.data]],
  )
})

test('a message that fits no listener is unrouted, and cannot be delivered again', async () => {
  const { base, listeners, post } = await queueWith({ name: ['a'] })
  const message = await post({ name: 'b', data: '1' })
  assert.deepEqual([message.status, message.deliveries], ['unrouted', []])
  const again = `${base}/messages/${message.id}/redeliver`
  const toAll = await api.call('POST', again, {})
  assert.deepEqual([toAll.status, toAll.body.errors[0].path], [422, '/listener_ids'])
  const toOne = await api.call('POST', again, { listener_ids: listeners })
  assert.deepEqual([toOne.status, toOne.body.errors[0].path], [422, '/listener_ids/0'])
  assert.match(toOne.body.errors[0].message, /did not fit this message .* its filter left the message out/)
})

test('a filter that changes holds for what is accepted from then on, and says no more why it left others out', async () => {
  const { base, listeners, post, pull } = await queueWith({ name: ['a'] })
  const before = await post({ name: 'b', data: '1' })
  api.clock.now += 1
  const url = `${base}/listeners/${listeners[0]}`
  const changed = await api.call('PUT', url, { filter: { name: ['b'] } })
  assert.deepEqual(changed.body.listener.filter, { name: ['b'] })
  const now = await post({ name: 'b', data: '2' })
  assert.deepEqual(recipientsOf(now), listeners)
  const { body } = await api.call('GET', `${base}/messages/${before.id}`)
  assert.deepEqual(body.message.left_out, [{ listener_id: listeners[0], reason: 'filter' }])
  assert.equal((await api.call('PUT', url, { filter: null })).body.listener.filter, null)
  const everything = await post({ data: '3' })
  assert.deepEqual(recipientsOf(everything), listeners)
  assert.deepEqual(await pull(0), ['2', '3'])
})

test('a filter comes back as it was sent, whatever is in it, and a listener that was read can be sent back', async () => {
  const sent = JSON.parse(
    `{"data":{"__proto__":1,"b":{"$in":["\\u0000","\\ud800",1.5,null]},"$or":[{"a":1},{"a\\\\.b":false}]}}`,
  )
  assert.deepEqual(Object.keys(sent.data), ['__proto__', 'b', '$or'])
  const { base, listeners } = await queueWith(sent)
  const url = `${base}/listeners/${listeners[0]}`
  const { listener } = (await api.call('GET', url)).body
  assert.equal(JSON.stringify(listener.filter), JSON.stringify(sent))
  assert.equal(JSON.stringify((await api.call('PUT', url, listener)).body.listener.filter), JSON.stringify(sent))
})

test('a filter that cannot be read is refused at its place, when a listener is made and when it is changed', async () => {
  const { base, listeners } = await queueWith(null)
  const wrong = { data: { a: { $regex: 'x' } } }
  for (const [method, url] of [
    ['POST', `${base}/listeners`],
    ['PUT', `${base}/listeners/${listeners[0]}`],
  ] as const) {
    const { status, body } = await api.call(method, url, { name: 'other', filter: wrong })
    assert.deepEqual([status, body.errors[0].path], [422, '/filter/data/a/$regex'])
    assert.match(body.errors[0].message, /is no operator; allowed are "\$eq"/)
  }
  assert.equal((await api.call('GET', `${base}/listeners`)).body.listeners.length, 1)
  assert.deepEqual(
    (await api.call('PUT', `${base}/listeners/${listeners[0]}`, { filter: 'a' })).body.errors[0].path,
    '/filter',
  )
})

test('each message of a batch goes to the listeners that it fits, also where the queue has a schema', async () => {
  const { base, listeners, pull } = await queueWith({ data: { n: { $gte: 2 } } }, { data: { n: { $lt: 2 } } })
  const schema = { n: { type: 'number' } }
  assert.equal((await api.call('PUT', base, { schema })).status, 200)
  const messages = [1, 2, 3].map((n) => ({ data: JSON.stringify({ n }) }))
  assert.equal((await api.call('POST', `${base}/messages/batch`, { messages })).status, 200)
  assert.deepEqual([await pull(0), await pull(1)], [['{"n":2}', '{"n":3}'], ['{"n":1}']])
  assert.equal(listeners.length, 2)
})

test('what filters may look through for one request is bounded, and a message beyond it is refused', async () => {
  const needle = 'x'.repeat(7)
  const { base } = await queueWith(
    ...Array.from({ length: 3 }, () => ({
      data: { $or: Array.from({ length: 30 }, () => ({ t: { $contains: needle } })) },
    })),
  )
  const data = JSON.stringify({ t: 'y'.repeat(250_000) })
  const { status, body } = await api.call('POST', `${base}/messages`, { data })
  assert.deepEqual([status, body.errors[0].path], [422, '/data'])
  assert.match(body.errors[0].message, /too long for the filters of the queue/)
  const small = { data: JSON.stringify({ t: 'y' }) }
  const many = await api.call('POST', `${base}/messages/batch`, { messages: [small, { data }] })
  assert.deepEqual([many.status, many.body.errors[0].path], [422, '/messages/1/data'])
})
