import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import { allArrived, type Cluster, duplicates, makeQueue, Posters, startCluster } from '../support/server/cluster.ts'
import { startWire } from '../support/server/cut-off.ts'
import { type Receiver, startReceiver } from '../support/server/receiver.ts'

/** Leases hold for 15 s, so that what a dead node held comes after that. */
const timeout = 180_000
const LEASE_MS = 15_000

/** Answers slowly, so that many deliveries are on the wire whenever a node goes. */
const slowly = (_: unknown, response: { end(): void }) => void setTimeout(() => response.end(), 20)

/** Everything that was answered 200 arrives at every receiver; says how much of it came twice. */
async function allDelivered(t: TestContext, posters: Posters, receivers: Receiver[]): Promise<void> {
  const { accepted } = posters
  assert.ok(accepted.size > 100, `only ${accepted.size} messages were accepted`)
  await allArrived(receivers, accepted, { withinMs: 4 * LEASE_MS })
  for (const receiver of receivers) t.diagnostic(`${(duplicates(receiver) * 100).toFixed(2)} % duplicates`)
  t.diagnostic(`${accepted.size} messages were accepted, ${posters.refused} posts were not`)
}

async function withCluster(
  nodeCount: number,
  run: (cluster: Cluster, wires: Awaited<ReturnType<typeof startWire>>[]) => Promise<void>,
): Promise<void> {
  const postgres = await startPostgres({ durable: true })
  const wires = await Promise.all(Array.from({ length: nodeCount }, () => startWire(() => postgres.port)))
  try {
    const cluster = await startCluster(wires.map(({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`))
    await run(cluster, wires)
    await cluster.stop()
  } finally {
    await Promise.all(wires.map((wire) => wire.close()))
    await postgres.remove()
  }
}

test('two nodes, one of which is killed again and again, deliver everything that either answered 200 to', {
  timeout,
}, async (t) => {
  const receivers = [await startReceiver(slowly), await startReceiver()]
  await withCluster(2, async (cluster) => {
    const queueId = await makeQueue(cluster.client, receivers)
    const posters = new Posters(cluster.client, queueId)
    for (let kill = 0; kill < 4; kill++) {
      await sleep(300 + Math.random() * 1_000)
      const node = cluster.nodes[kill % 2]!
      await node.kill()
      await node.start()
    }
    await posters.stop()
    await allDelivered(t, posters, receivers)
  })
})

test('a node that was asleep for longer than its leases has lost them, and nothing with them', {
  timeout,
}, async (t) => {
  const receiver = await startReceiver(slowly)
  await withCluster(3, async (cluster) => {
    const queueId = await makeQueue(cluster.client, [receiver])
    const posters = new Posters(cluster.client, queueId)
    await sleep(1_000)
    const { pid } = cluster.nodes[0]!.server
    process.kill(pid, 'SIGSTOP')
    // Those that wait for the node that sleeps are answered when it wakes.
    await sleep(LEASE_MS + 6_000)
    process.kill(pid, 'SIGCONT')
    await sleep(1_000)
    await posters.stop()
    await allDelivered(t, posters, [receiver])
  })
})

test('nodes that are cut off from the database answer 503, and go on when the wire is mended', {
  timeout,
}, async (t) => {
  const receiver = await startReceiver(slowly)
  await withCluster(3, async (cluster, wires) => {
    const queueId = await makeQueue(cluster.client, [receiver])
    const posters = new Posters(cluster.client, queueId)
    await sleep(500)
    wires[0]!.cut()
    await sleep(LEASE_MS + 6_000)
    wires[0]!.mend()
    await sleep(500)
    // Shorter than a lease, and all of them.
    for (const wire of wires) wire.cut()
    await sleep(2_000)
    for (const wire of wires) wire.mend()
    await sleep(3_000)
    await posters.stop()
    assert.ok(posters.refused > 0, 'no post was ever refused')
    await allDelivered(t, posters, [receiver])
  })
})
