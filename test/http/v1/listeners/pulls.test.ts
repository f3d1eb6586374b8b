import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OTHER_OWNER_KEY, OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const listeners = `/v1/queues/${queue.id}/listeners`
const { id } = (await api.call('POST', listeners, { name: 'pulls' })).body.listener
const at = `${listeners}/${id}`
const nobody = '0'.repeat(21)

async function posted(what: object = {}): Promise<string> {
  const { body } = await api.call('POST', `/v1/queues/${queue.id}/messages`, { data: '{"order":1}', ...what })
  return body.message.id
}

const pull = async (body: object = {}) => (await api.call('POST', `${at}/pull`, body)).body.messages
const receiptsOf = (messages: { receipt: string }[]) => messages.map(({ receipt }) => receipt)

test('a pull hands out messages with all that is needed to work on them', async () => {
  const named = await posted({ name: 'named' })
  const other = await posted({ data: 'plain' })
  const { status, body } = await api.call('POST', `${at}/pull`, { max: 10, lease: 60_000, wait: 5_000 })
  assert.equal(status, 200)
  assert.match(body._links.self.href, new RegExp(`${at}$`))
  const receipts = receiptsOf(body.messages)
  assert.deepEqual(body.messages, [
    { id: named, name: 'named', data: '{"order":1}', receipt: receipts[0], attempt: 1 },
    { id: other, name: other, data: 'plain', receipt: receipts[1], attempt: 1 },
  ])
  for (const receipt of receipts) assert.match(receipt, /^[0-9A-Za-z]{33}$/)
  const ack = await api.call('POST', `${at}/ack`, { receipts: [...receipts, receipts[0]] })
  assert.deepEqual([ack.status, ack.body.acknowledged, ack.body.lost], [200, 2, []])
  const again = await api.call('POST', `${at}/ack`, { receipts })
  assert.deepEqual([again.body.acknowledged, again.body.lost], [0, receipts])
})

test('without a word a pull takes one message for 30 seconds, and does not wait', async () => {
  assert.deepEqual(await pull(), [])
  await posted()
  await posted()
  const [first, ...rest] = await pull()
  assert.deepEqual(rest, [])
  api.clock.now += 29_999
  const [second] = await pull()
  assert.notEqual(second.id, first.id)
  api.clock.now += 1
  const [again] = await pull()
  assert.deepEqual([again.id, again.attempt], [first.id, 2])
  await api.call('POST', `${at}/ack`, { receipts: receiptsOf([second, again]) })
})

test('what is given back comes again after its delay, and every lease is one of the attempts', async () => {
  const message = await posted()
  const [first] = await pull()
  const nack = await api.call('POST', `${at}/nack`, { receipts: [first.receipt, `${nobody}000000000000`], delay: 500 })
  assert.deepEqual([nack.body.returned, nack.body.lost], [1, [`${nobody}000000000000`]])
  assert.deepEqual(await pull(), [])
  api.clock.now += 500
  const [second] = await pull({ lease: 1_000 })
  api.clock.now += 1_000
  const [third] = await pull()
  assert.deepEqual([second.attempt, third.attempt], [2, 3])
  await api.call('POST', `${at}/ack`, { receipts: [third.receipt] })
  const { body } = await api.call('GET', `/v1/queues/${queue.id}/messages/${message}/attempts`)
  assert.deepEqual(
    body.attempts.map(({ number, status, error }: { number: number; status: number; error: string }) => [
      number,
      status ?? error,
    ]),
    [
      [3, 200],
      [2, 'lease_expired'],
      [1, 'returned'],
    ],
  )
  const full = (await api.call('GET', at)).body.listener
  assert.ok(full.messages.acknowledged_count > 0)
})

test('a lease that is extended begins anew, with the receipt that it has, again and again', async () => {
  const message = await posted()
  const [{ receipt }] = await pull({ lease: 1_000 })
  const unknown = `${nobody}000000000000`
  for (const lease of [60_000, 2_000]) {
    const { status, body } = await api.call('POST', `${at}/extend`, { receipts: [receipt, unknown, receipt], lease })
    assert.deepEqual([status, body.extended, body.lost], [200, 1, [unknown]])
    assert.match(body._links.self.href, new RegExp(`${at}$`))
    api.clock.now += lease - 1
    assert.deepEqual(await pull(), [])
  }
  api.clock.now += 1
  const [again] = await pull()
  assert.deepEqual([again.id, again.attempt], [message, 2])
  const late = await api.call('POST', `${at}/extend`, { receipts: [receipt], lease: 1_000 })
  assert.deepEqual([late.body.extended, late.body.lost], [0, [receipt]])
  await api.call('POST', `${at}/extend`, { receipts: [again.receipt], lease: 90_000 })
  const ack = await api.call('POST', `${at}/ack`, { receipts: [again.receipt] })
  assert.deepEqual([ack.body.acknowledged, ack.body.lost], [1, []])
  const ended = await api.call('POST', `${at}/extend`, { receipts: [again.receipt], lease: 1_000 })
  assert.deepEqual([ended.body.extended, ended.body.lost], [0, [again.receipt]])
})

const refused: [string, object, string][] = [
  ['pull', { max: 0 }, '/max'],
  ['pull', { max: 101 }, '/max'],
  ['pull', { wait: 30_001 }, '/wait'],
  ['pull', { lease: 999 }, '/lease'],
  ['pull', { lease: 12 * 3_600_000 + 1 }, '/lease'],
  ['pull', { size: 1 }, '/size'],
  ['ack', {}, '/receipts'],
  ['ack', { receipts: [] }, '/receipts'],
  ['ack', { receipts: ['no receipt'] }, '/receipts/0'],
  ['nack', { receipts: [`${nobody}000000000000`], delay: -1 }, '/delay'],
  ['extend', { receipts: [`${nobody}000000000000`] }, '/lease'],
  ['extend', { receipts: [`${nobody}000000000000`], lease: 999 }, '/lease'],
  ['extend', { receipts: [`${nobody}000000000000`], lease: 12 * 3_600_000 + 1 }, '/lease'],
  ['extend', { receipts: ['no receipt'], lease: 1_000 }, '/receipts/0'],
]
for (const [action, body, path] of refused) {
  test(`${action} refuses ${JSON.stringify(body)}, and says what would be right`, async () => {
    const answer = await api.call('POST', `${at}/${action}`, body)
    assert.equal(answer.status, 422)
    assert.deepEqual(
      answer.body.errors.map((error: { path: string }) => error.path),
      [path],
    )
    assert.ok(answer.body.errors[0].message.length > 5)
  })
}

test('a listener that is sent its messages has nothing to pull, and what is not there is a 404', async () => {
  const { listener } = (await api.call('POST', listeners, { name: 'pushed', notify_url: 'http://example.com' })).body
  const { status, body } = await api.call('POST', `${listeners}/${listener.id}/pull`, {})
  assert.equal(status, 422)
  assert.match(body.detail, /has a notify_url/)
  for (const action of ['pull', 'ack', 'nack', 'extend']) {
    const path = `/v1/queues/${queue.id}/listeners/${nobody}/${action}`
    const receipts = [`${nobody}000000000000`]
    const sent = action === 'pull' ? {} : { receipts, ...(action === 'extend' && { lease: 1_000 }) }
    assert.equal((await api.call('POST', path, sent)).status, 404)
    assert.equal((await api.call('POST', path.replace(queue.id, nobody), sent)).status, 404)
    assert.equal((await api.call('POST', `${at}/${action}`, sent, OTHER_OWNER_KEY)).status, 404)
  }
})

test('a listener that another node made, or deleted, is seen without waiting', async () => {
  const organizationId = api.organizations.first
  await pull()
  const route = await api.store.queues.route({ organizationId, id: queue.id })
  const fresh = { ...route!.listeners[0]!, id: api.deps.runtime.newId(), name: 'elsewhere', notifyUrl: null }
  assert.equal(await api.store.listeners.create(fresh), 'created')
  assert.equal((await api.call('POST', `${listeners}/${fresh.id}/pull`, {})).status, 200)
  await api.store.listeners.delete({ organizationId, queueId: queue.id, id: fresh.id, now: api.clock.now })
  assert.equal((await api.call('POST', `${listeners}/${fresh.id}/pull`, {})).status, 404)
  assert.equal((await api.call('POST', `${listeners}/${fresh.id}/pull`, {})).status, 404)
})

test('pulling needs write access to listeners', async () => {
  const keyFor = async (resource: string, access: string) =>
    (await api.call('POST', '/v1/api_keys', { scopes: [{ resource, access, targets: [id] }] })).body.api_key
  assert.equal((await api.call('POST', `${at}/pull`, {}, await keyFor('listeners', 'read'))).status, 403)
  assert.equal((await api.call('POST', `${at}/pull`, {}, await keyFor('messages', 'write'))).status, 403)
  assert.equal((await api.call('POST', `${at}/pull`, {}, await keyFor('listeners', 'write'))).status, 200)
})

test('while its organization is frozen a listener goes on', async () => {
  const made = (await api.call('POST', '/v1/api_clients', { name: 'cold' })).body
  const call = (path: string, body: object) => api.call('POST', `/v1${path}`, body, made.api_key)
  const cold = (await call('/queues', { name: 'q' })).body.queue.id
  const own = (await call(`/queues/${cold}/listeners`, { name: 'l' })).body.listener.id
  for (let i = 0; i < 2; i++) await call(`/queues/${cold}/messages`, { data: 'x' })
  await api.call('PUT', `/v1/api_clients/${made.api_client.id}`, { status: 'frozen' })
  const { status, body } = await call(`/queues/${cold}/listeners/${own}/pull`, { max: 2 })
  assert.deepEqual([status, body.messages.length], [200, 2])
  const [first, second] = receiptsOf(body.messages)
  assert.equal((await call(`/queues/${cold}/listeners/${own}/ack`, { receipts: [first] })).body.acknowledged, 1)
  assert.equal((await call(`/queues/${cold}/listeners/${own}/nack`, { receipts: [second] })).body.returned, 1)
})

test('a repeated pull gets the same messages, whose data is not stored a second time', async () => {
  const ids = [await posted({ data: 'kept where it is' }), await posted({ data: 'and deleted' })]
  const send = async () => {
    const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'pull-1' }
    const response = await api.inject({ method: 'POST', url: `${at}/pull`, headers, payload: '{"max":2}' })
    return { replayed: response.headers['idempotency-replayed'], body: response.json() }
  }
  const first = await send()
  assert.deepEqual(
    first.body.messages.map((message: { id: string }) => message.id),
    ids,
  )
  const ask = { organizationId: api.organizations.first, key: 'pull-1', now: api.clock.now }
  const kept = await api.store.answers.find({ ...ask, target: `POST ${at.slice(3)}/pull` })
  assert.ok(kept !== null && !kept.body.includes('kept where it is'))
  assert.deepEqual(await send(), { replayed: 'true', body: first.body })
  await api.call('DELETE', `/v1/queues/${queue.id}/messages/${ids[1]}`)
  const { body } = await send()
  assert.deepEqual(body.messages, first.body.messages.slice(0, 1))
  await api.call('POST', `${at}/ack`, { receipts: receiptsOf(body.messages) })
})

test('a listener with an order says where each message stands in it', async () => {
  const { listener } = (await api.call('POST', listeners, { name: 'ordered', ordering: 'queue' })).body
  const path = `${listeners}/${listener.id}`
  for (let i = 0; i < 2; i++) await posted()
  for (const sequence of [1, 2]) {
    const { messages } = (await api.call('POST', `${path}/pull`, { max: 10 })).body
    assert.deepEqual(
      messages.map((message: { sequence: number }) => message.sequence),
      [sequence],
    )
    await api.call('POST', `${path}/ack`, { receipts: receiptsOf(messages) })
  }
})

test('an answer that is written piece by piece is the same as one that is kept and repeated', async () => {
  const long = (await api.call('POST', listeners, { name: 'long' })).body.listener
  const url = `${listeners}/${long.id}/pull`
  const data = `\u0000\n{"a": "é"}${'x'.repeat(200_000)}`
  const ids = [await posted({ data }), await posted({ data }), await posted({ data })]
  const headers = { 'x-api-key': OWNER_KEY, 'idempotency-key': 'a long pull' }
  const kept = await api.inject({ method: 'POST', url, headers, payload: { max: 10 } })
  const { messages: expected } = kept.json()
  const told = (it: { id: string; name: string; data: string }) => `${it.id} ${it.name} ${it.data === data}`
  assert.deepEqual(
    expected.map(told),
    ids.map((it) => `${it} ${it} true`),
  )
  for (const query of ['', '?pretty']) {
    api.clock.now += 60_000
    const asked = {
      method: 'POST',
      url: url + query,
      headers: { 'x-api-key': OWNER_KEY },
      payload: { max: 10 },
    } as const
    const answer = await api.inject(asked)
    const body = JSON.parse(answer.body)
    assert.equal(answer.headers['content-length'], undefined, 'it is written in pieces')
    assert.ok(answer.body === JSON.stringify(body, null, query === '' ? 0 : 2))
    assert.deepEqual(body.messages.map(told), expected.map(told))
    assert.match(body._links.self.href, new RegExp(`${long.id}$`))
  }
})
