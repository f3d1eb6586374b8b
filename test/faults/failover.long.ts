import assert from 'node:assert/strict'
import { test } from 'node:test'
import { administer, startStandby } from '../../torture/servers/standby.ts'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import { allArrived, duplicates, makeQueue, Posters, startCluster } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { waitFor } from '../support/wait-for.ts'

const timeout = 600_000
const ROUNDS = 5

/** Milliseconds from the death of the primary, while its standby is promoted at once. */
interface Failover {
  /** Until a post that was sent after it was answered 200. */
  firstAccepted: number
  /** Until what had been accepted before it had arrived, all of it; 0 where it had by then. */
  lastLate: number
}

async function failOver(): Promise<Failover> {
  const arrivedAt = new Map<string, number>()
  const receiver = await startReceiver(({ body }, response) => {
    if (!arrivedAt.has(body)) arrivedAt.set(body, performance.now())
    setTimeout(() => response.end(), 10)
  })
  const primary = await startPostgres({ durable: true })
  const standby = await startStandby(primary)
  const url = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres?target_session_attrs=read-write`
  try {
    const cluster = await startCluster([url, url])
    const queueId = await makeQueue(cluster.client, [receiver])
    const posters = new Posters(cluster.client, queueId)
    await waitFor('accepted messages', () => posters.accepted.size, 300)
    const killedAt = performance.now()
    await primary.end('SIGKILL')
    const before = new Set(posters.accepted)
    await administer(standby, 'select pg_promote()')
    const post = () => cluster.client.call('POST', `/queues/${queueId}/messages`, { data: 'after' }).catch(() => null)
    await waitFor('a post that is accepted', async () => (await post())?.status === 200)
    const firstAccepted = performance.now() - killedAt
    await waitFor('posts accepted after the promotion', () => posters.accepted.size - before.size, 100)
    await posters.stop()
    await allArrived([receiver], posters.accepted)
    const lastLate = Math.max(0, ...[...before].map((body) => arrivedAt.get(body)! - killedAt))
    assert.ok(duplicates(receiver) < 0.5, 'what came twice is what was on the wire')
    await cluster.stop()
    return { firstAccepted, lastLate }
  } finally {
    await receiver.close()
    await standby.remove()
    await primary.remove()
  }
}

const inOrder = (values: readonly number[]) => values.toSorted((one, other) => one - other).map(Math.round)

test('a primary that dies leaves its standby everything that was answered 200, and the nodes go on there', {
  timeout,
}, async (t) => {
  const found: Failover[] = []
  for (let round = 0; round < ROUNDS; round++) found.push(await failOver())
  const accepted = inOrder(found.map(({ firstAccepted }) => firstAccepted))
  const late = inOrder(found.map(({ lastLate }) => lastLate))
  const middle = Math.floor(ROUNDS / 2)
  t.diagnostic(`first 200 after ${accepted[middle]} ms, at worst ${accepted.at(-1)} ms: ${accepted.join(', ')}`)
  t.diagnostic(`last late delivery after ${late[middle]} ms, at worst ${late.at(-1)} ms: ${late.join(', ')}`)
})
