import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import { makeQueue, startCluster } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'

const LISTENERS = 12
/** Nodes find each other within five seconds. */
const KNOWN_MS = 8_000
/** Checks come 24 to 36 s apart. */
const LONGEST_PAUSE_MS = 36_000
/** A lease holds for 15 s, and each node looks every five which nodes live. */
const MISSED_AFTER_MS = 20_000

test('three nodes ask each listener as often as one would, and ask those of a node that was killed', {
  timeout: 240_000,
}, async (t) => {
  const receiver = await startReceiver()
  const postgres = await startPostgres()
  try {
    const cluster = await startCluster([1, 2, 3].map(() => postgres.urlOf('postgres')))
    await sleep(KNOWN_MS)
    const queueId = await makeQueue(cluster.client, [])
    for (let number = 0; number < LISTENERS; number++) {
      const urls = { notify_url: `${receiver.url}/hook`, liveness_url: `${receiver.url}/alive/${number}` }
      const answer = await cluster.client.call('POST', `/queues/${queueId}/listeners`, { name: `l${number}`, ...urls })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
    }
    /** How often each listener has been asked since. */
    const counts = (since: number) => {
      const paths = receiver.received.slice(since).map(({ path }) => path)
      return Array.from(
        { length: LISTENERS },
        (_, number) => paths.filter((path) => path === `/alive/${number}`).length,
      )
    }
    await sleep(2 * LONGEST_PAUSE_MS)
    const together = counts(0)
    t.diagnostic(`checks in ${(2 * LONGEST_PAUSE_MS) / 1_000} s: ${together.join(' ')}`)
    // At once, and then 24 to 36 s apart.
    assert.ok(together.every((count) => count >= 2 && count <= 4))

    await cluster.nodes[0]!.kill()
    const before = receiver.received.length
    await sleep(MISSED_AFTER_MS + LONGEST_PAUSE_MS + 2_000)
    const afterwards = counts(before)
    t.diagnostic(`since one of the nodes was killed: ${afterwards.join(' ')}`)
    assert.ok(afterwards.every((count) => count >= 1))
    await Promise.all(cluster.nodes.slice(1).map(({ server }) => server.end('SIGTERM')))
  } finally {
    await postgres.remove()
  }
})
