import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import type { Client } from '../support/server/client.ts'
import { type Cluster, makeQueue, startCluster } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { waitFor } from '../support/wait-for.ts'

const SCHEDULES = 20
const EVERY_MS = 1_000
const DUE_TIMES = 45
/** Leases hold for 15 s. */
const LONGER_THAN_A_LEASE_MS = 18_000

test('three nodes make one message for each due time, while they are killed and put to sleep', {
  timeout: 180_000,
}, async (t) => {
  const receiver = await startReceiver()
  const postgres = await startPostgres({ durable: true })
  try {
    const urls = [1, 2, 3].map(() => postgres.urlOf('postgres'))
    const cluster = await startCluster(urls)
    const queueId = await makeQueue(cluster.client, [receiver])
    const { ids, dueAts } = await addSchedules(cluster.client, queueId)
    const kills = await disturb(cluster, dueAts.at(-1)!)
    await untilEnded(cluster.client, queueId)
    const made = await expectEachOnce(cluster.client, queueId, { ids, dueAts })
    const delivered = () => new Set(receiver.received.map((it) => String(it.headers['webhook-id'])))
    await receiver.until(made.size, () => made.intersection(delivered()).size)
    t.diagnostic(`${made.size} due times, ${kills} kills and one sleep: ${receiver.received.length} deliveries`)
    await cluster.stop()
  } finally {
    await postgres.remove()
  }
})

async function addSchedules(client: Client, queueId: string): Promise<{ ids: string[]; dueAts: number[] }> {
  const startsAt = Date.now() + 2_000
  const dueAts = Array.from({ length: DUE_TIMES }, (_, index) => startsAt + (index + 1) * EVERY_MS)
  const times = { every: EVERY_MS, starts_at: startsAt, ends_at: dueAts.at(-1)!, catch_up: 'all' }
  const ids: string[] = []
  for (let number = 0; number < SCHEDULES; number++) {
    const schedule = { name: `every-second-${number}`, data: JSON.stringify({ number }), ...times }
    const { status, body } = await client.call('POST', `/queues/${queueId}/schedules`, schedule)
    assert.equal(status, 200, JSON.stringify(body))
    ids.push(body.schedule.id)
  }
  return { ids, dueAts }
}

/** One node sleeps for longer than its leases while the other two are killed in turns; says how often. */
async function disturb({ nodes }: Cluster, until: number): Promise<number> {
  const { pid } = nodes[0]!.server
  let kills = 0
  await sleep(4_000)
  process.kill(pid, 'SIGSTOP')
  const awakeAt = Date.now() + LONGER_THAN_A_LEASE_MS
  for (let asleep = true; Date.now() < until; kills++) {
    await sleep(300 + Math.random() * 2_000)
    if (asleep && Date.now() >= awakeAt) asleep = !process.kill(pid, 'SIGCONT')
    const node = nodes[1 + (kills % 2)]!
    await node.kill()
    await node.start()
  }
  return kills
}

async function untilEnded(client: Client, queueId: string): Promise<void> {
  const ended = async () => {
    const { body } = await client.call('GET', `/queues/${queueId}/schedules?_embed`)
    const all: { next_runs: number[] }[] = body._embedded.schedules
    return all.filter(({ next_runs }) => next_runs.length === 0).length
  }
  await waitFor('schedules at their end', ended, SCHEDULES, { everyMs: 200 })
}

/** The history says one run for each due time, and there is no message but those of the runs. */
async function expectEachOnce(
  client: Client,
  queueId: string,
  { ids, dueAts }: { ids: string[]; dueAts: number[] },
): Promise<Set<string>> {
  const made: string[] = []
  for (const id of ids) {
    const runs = await allPages(client, `/queues/${queueId}/schedules/${id}/runs`, 'runs')
    assert.deepEqual(runs.map(({ due_at }) => due_at).reverse(), dueAts)
    made.push(...runs.map(({ message_id }) => message_id))
  }
  const stored = await allPages(client, `/queues/${queueId}/messages`, 'messages')
  assert.equal(new Set(made).size, SCHEDULES * DUE_TIMES)
  assert.deepEqual(stored.map(({ id }) => id).sort(), made.sort())
  return new Set(made)
}

// biome-ignore lint/suspicious/noExplicitAny: as the client gives them
async function allPages(client: Client, path: string, collection: string): Promise<any[]> {
  const found = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const { status, body } = await client.call('GET', next)
    assert.equal(status, 200, JSON.stringify(body))
    found.push(...body[collection])
    const href: string | undefined = body._links.next?.href
    next = href === undefined ? undefined : href.slice(href.indexOf('/queues/'))
  }
  return found
}
