import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const ZERO = {
  ...{ accepted: 0, delivered: 0, pending: 0, scheduled: 0, missed: 0, unaccounted: 0 },
  discarded: { deleted: 0, listener_deleted: 0, retention: 0, expired: 0 },
}

async function queueWith(name: string, listeners: number) {
  const queue = (await api.call('POST', '/v1/queues', { name })).body.queue
  const ids: string[] = []
  for (let i = 0; i < listeners; i++) {
    const body = { name: `${name}-${i}`, notify_url: 'http://example.com' }
    ids.push((await api.call('POST', `/v1/queues/${queue.id}/listeners`, body)).body.listener.id)
  }
  return { id: queue.id as string, listeners: ids, path: `/v1/queues/${queue.id}` }
}

test('the ledger is told per queue and listener, in deliveries, and add up', async () => {
  const [one, two] = [await queueWith('one', 2), await queueWith('two', 1)]
  await api.call('POST', `${one.path}/messages`, { data: 'x' })
  await api.call('POST', `${one.path}/messages`, { data: 'x', delay: 60_000 })
  const { message } = (await api.call('POST', `${two.path}/messages`, { data: 'x' })).body
  await api.call('DELETE', `${two.path}/messages/${message.id}`)
  await api.call('DELETE', `${one.path}/listeners/${one.listeners[1]}`)
  const { status, body } = await api.call('GET', '/v1/ledger')
  assert.equal(status, 200)
  const { queues, unaccounted_pairs, ...total } = body.ledger
  assert.deepEqual(unaccounted_pairs, [])
  const discarded = { deleted: 1, listener_deleted: 2, retention: 0, expired: 0 }
  assert.deepEqual(total, { ...ZERO, accepted: 5, pending: 1, scheduled: 1, discarded })
  const [first, second] = [one, two].map(({ id }) => queues.find((queue: { id: string }) => queue.id === id))
  assert.deepEqual([first.id, first.name, first.accepted], [one.id, 'one', 4])
  // Listeners that were made in the same millisecond have no order.
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  assert.deepEqual(first.listeners.toSorted(byName), [
    { ...ZERO, id: one.listeners[0], name: 'one-0', accepted: 2, pending: 1, scheduled: 1 },
    {
      ...ZERO,
      ...{ id: one.listeners[1], name: 'one-1', deleted_at: api.clock.now, accepted: 2 },
      discarded: { ...ZERO.discarded, listener_deleted: 2 },
    },
  ])
  assert.deepEqual(second.discarded, { deleted: 1, listener_deleted: 0, retention: 0, expired: 0 })
  assert.match(body._links.self.href, /\/v1\/ledger$/)
})

test('a time restricts it to what was accepted then, and a bad one is refused', async () => {
  const { now } = api.clock
  assert.equal((await api.call('GET', `/v1/ledger?since=${now + 1}`)).body.ledger.accepted, 0)
  const { ledger } = (await api.call('GET', `/ledger?since=${now}&until=${now + 1}`)).body
  assert.deepEqual([ledger.since, ledger.until, ledger.accepted], [now, now + 1, 5])
  assert.equal((await api.call('GET', '/v1/ledger?since=yesterday')).status, 400)
})

test('it needs the scope stats, and shows what the targets of that allow', async () => {
  const three = await queueWith('three', 1)
  const keyFor = async (resource: string, targets: string | string[]) => {
    const scopes = [{ resource, access: 'read', targets }]
    return (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  }
  assert.equal((await api.call('GET', '/v1/ledger', undefined, await keyFor('messages', '*'))).status, 403)
  const { body } = await api.call('GET', '/v1/ledger', undefined, await keyFor('stats', [three.id]))
  assert.deepEqual(
    body.ledger.queues.map(({ id }: { id: string }) => id),
    [three.id],
  )
  assert.equal(body.ledger.accepted, 0)
})
