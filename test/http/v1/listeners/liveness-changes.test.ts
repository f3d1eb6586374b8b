import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNKNOWN_LIVENESS } from '../../../../src/core/delivery/liveness.ts'
import { sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`

async function listenerWith(name: string, states: readonly ('stable' | 'unstable' | 'down')[]): Promise<string> {
  const { id } = (await api.call('POST', base, { name, notify_url: 'http://example.com' })).body.listener
  for (const [index, state] of states.entries()) {
    const stateAt = 1_000 * (index + 1)
    const failed = state === 'stable' ? {} : { failureCount: 1, lastFailureAt: stateAt, lastFailureMsg: 'answered 503' }
    await api.store.liveness.note([{ listenerId: id, news: { ...UNKNOWN_LIVENESS, ...failed, state, stateAt } }])
  }
  return `${base}/${id}/liveness`
}

test('what a listener became is listed, the latest first, with what had gone wrong', async () => {
  const url = await listenerWith('shop', ['stable', 'unstable', 'down', 'stable'])
  const { status, body } = await api.call('GET', url)
  assert.equal(status, 200)
  assert.deepEqual(body.changes, [
    { at: 4_000, from: 'down', state: 'stable' },
    { at: 3_000, from: 'unstable', state: 'down', message: 'answered 503' },
    { at: 2_000, from: 'stable', state: 'unstable', message: 'answered 503' },
    { at: 1_000, from: 'unknown', state: 'stable' },
  ])
  assert.ok(body._links.self.href.endsWith(url.replace('/v1', '')))
})

test('a long history is paged by a cursor, in which nothing is listed twice or left out', async () => {
  const url = await listenerWith(
    'flapping',
    Array.from({ length: 7 }, (_, index) => (index % 2 === 0 ? 'down' : 'stable')),
  )
  const times: number[] = []
  let next: string | undefined = `${url}?per_page=3`
  while (next !== undefined) {
    const { body }: { body: { changes: { at: number }[]; _links: { next?: { href: string } } } } = await api.call(
      'GET',
      next,
    )
    times.push(...body.changes.map(({ at }) => at))
    next = body._links.next?.href
  }
  assert.deepEqual(times, [7_000, 6_000, 5_000, 4_000, 3_000, 2_000, 1_000])
})

test('a listener that there is not has no history, and a key needs the scope of listeners', async () => {
  const url = await listenerWith('seen', [])
  assert.deepEqual((await api.call('GET', url)).body.changes, [])
  assert.equal((await api.call('GET', `${base}/${'0'.repeat(21)}/liveness`)).status, 404)
  assert.equal((await api.call('GET', `${url}?cursor=x`)).status, 400)
  const scopes = [{ resource: 'messages', access: 'write', targets: '*' }]
  const key = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  assert.equal((await api.call('GET', url, undefined, key)).status, 403)
})
