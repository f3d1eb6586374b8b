import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_DISCARDS } from '../../../../src/core/message/discard.ts'
import { createDiscarder } from '../../../../src/engine/upkeep/discarder.ts'
import { OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let fixtures = 0

/** A queue with two listeners and so many messages, which are pending. */
async function fixture(messages = 2) {
  const queue = (await api.call('POST', '/v1/queues', { name: `discarded-${++fixtures}` })).body.queue
  const path = `/v1/queues/${queue.id}`
  const listeners: string[] = []
  for (const name of ['one', 'two']) {
    const body = { name, notify_url: 'http://example.com' }
    listeners.push((await api.call('POST', `${path}/listeners`, body)).body.listener.id)
  }
  for (let i = 0; i < messages; i++) await api.call('POST', `${path}/messages`, { data: `{"n":${i}}` })
  return { path, listeners, url: `${path}/messages/discard` }
}

async function workedOff(): Promise<void> {
  const tick = createDiscarder({ store: api.store, runtime: { now: () => api.clock.now }, node: 'upkeep' })
  while ((await tick()) > 0);
}

test('deliveries of many messages are discarded in the background, and the progress can be read', async () => {
  const { path, listeners, url } = await fixture()
  api.carried.length = 0
  const which = { status: 'pending', listener_id: listeners[0], since: 1, contains: '"n":1' }
  const { status, body } = await api.call('POST', url, which)
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(api.carried, ['discard'])
  const { id, created_at: createdAt, ...rest } = body.discard
  assert.deepEqual([rest, createdAt], [{ ...which, matched: 0, done: false }, api.clock.now])
  await workedOff()
  const read = await api.call('GET', `${path}/discards/${id}`)
  assert.deepEqual([read.body.discard.matched, read.body.discard.done], [1, true])
  assert.equal(read.body._links.self.href.endsWith(`${path}/discards/${id}`), true)
  const { messages } = (await api.call('GET', `${path}/messages?_embed=true`)).body._embedded
  const statuses = messages.flatMap((it: { deliveries: { status: string }[] }) => it.deliveries.map((of) => of.status))
  assert.deepEqual(statuses.toSorted(), ['discarded', 'pending', 'pending', 'pending'])
})

test('a dry run says how many it would be, by status, listener, time and text, and changes nothing', async () => {
  const { path, listeners, url } = await fixture()
  await api.call('POST', `${path}/messages`, { data: 'later', delay: 60_000 })
  const counted = async (which: object) => (await api.call('POST', url, { ...which, dry_run: true })).body.discard
  assert.deepEqual(await counted({}), { matched: 6, done: true })
  assert.deepEqual(await counted({ status: 'scheduled' }), { matched: 2, done: true, status: 'scheduled' })
  assert.deepEqual(await counted({ status: 'missed' }), { matched: 0, done: true, status: 'missed' })
  assert.equal((await counted({ status: 'pending', listener_id: listeners[1] })).matched, 2)
  assert.equal((await counted({ contains: 'late' })).matched, 2)
  assert.equal((await counted({ until: 1 })).matched, 0)
  assert.deepEqual(await counted({}), { matched: 6, done: true })
})

test('what cannot be meant is refused, and says what is allowed', async () => {
  const { url, path } = await fixture(0)
  const faultsOf = async (body: object) => (await api.call('POST', url, body)).body.errors?.[0]?.path
  assert.equal(await faultsOf({ status: 'delivered' }), '/status')
  for (const id of ['nobody', '000000000000000000000']) {
    assert.equal(await faultsOf({ listener_id: id }), '/listener_id')
    assert.equal(await faultsOf({ listener_id: id, dry_run: true }), '/listener_id')
  }
  assert.equal(await faultsOf({ contains: '' }), '/contains')
  assert.equal(await faultsOf({ contains: 'x'.repeat(1_025) }), '/contains')
  assert.equal(await faultsOf({ since: -1 }), '/since')
  assert.equal(await faultsOf({ until: 'now' }), '/until')
  assert.equal(await faultsOf({ listeners: [] }), '/listeners')
  const answers = [
    await api.call('POST', '/v1/queues/000000000000000000000/messages/discard', {}),
    await api.call('GET', `${path}/discards/000000000000000000000`),
  ]
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body.title === undefined]),
    answers.map(() => [404, false]),
  )
})

test('the same Idempotency-Key begins one discard', async () => {
  const { url } = await fixture(0)
  const headers = { 'x-api-key': OWNER_KEY, 'idempotency-key': 'discard-once' }
  const begin = async () => (await api.inject({ method: 'POST', url, headers, payload: {} })).json().discard.id
  const first = await begin()
  assert.equal(await begin(), first)
  await workedOff()
})

test('an organization has a hundred under way at most', async () => {
  const { url } = await fixture(0)
  for (let i = 0; i < MAX_DISCARDS; i++) assert.equal((await api.call('POST', url, {})).status, 200)
  assert.equal((await api.call('POST', url, {})).status, 429)
  await workedOff()
  assert.equal((await api.call('POST', url, {})).status, 200)
  await workedOff()
})
