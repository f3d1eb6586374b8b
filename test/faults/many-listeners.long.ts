import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../support/postgres/postgres-server.ts'
import { type Cluster, startCluster } from '../support/server/cluster.ts'
import { type Received, startReceiver } from '../support/server/receiver.ts'
import { makeFolder } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const MESSAGES = 240
const CONNECTIONS = 12
const KILLS = 2
const KEYS = 6
/** What a dead node of a cluster held comes after its leases, which last 15 s. */
const ARRIVE = { withinMs: 120_000, everyMs: 100 }
const timeout = 300_000
const RETRY = { max_attempts: 100, initial_delay: 20, max_delay: 500, multiplier: 1.1 }

/** Where a server keeps its things: the addresses of the database, one for each node. */
const places: Record<string, (t: TestContext) => Promise<string[]>> = {
  'a node on SQLite': async (t) => {
    const folder = makeFolder()
    t.after(() => folder[Symbol.dispose]())
    return [`sqlite:${join(folder.path, 'discue.db')}`]
  },
  'a node on PostgreSQL': (t) => onPostgres(t, 1),
  'two nodes on PostgreSQL': (t) => onPostgres(t, 2),
}

async function onPostgres(t: TestContext, nodes: number): Promise<string[]> {
  const postgres = await startPostgres({ durable: true })
  t.after(() => postgres.remove())
  return Array<string>(nodes).fill(postgres.urlOf('postgres'))
}

/** Which of the listeners hangs now and then, which one wants an order, and which one comes for its messages. */
const [HANGING, ORDERED, PULLING] = [0, 1, 2]

/** What each listener has acknowledged, by the path that its messages come to, in order and with repetitions. */
type Acknowledged = Map<string, string[]>

/** One listener hangs on every other request until that is given up; the rest fail for every third, at random. */
function answering(acknowledged: Acknowledged) {
  let hung = false
  return ({ path, body }: Received, response: ServerResponse) => {
    const mayHang = path === `/${HANGING}`
    if (mayHang) hung = !hung
    if (mayHang && hung) return
    if (!mayHang && Math.random() < 0.3) response.statusCode = 500
    else acknowledged.set(path, [...(acknowledged.get(path) ?? []), body])
    response.end()
  }
}

/** All have the same queue. Answers with where that is, and the one that pulls. */
async function makeListeners({ client }: Cluster, url: string, count: number) {
  const queue = `/queues/${(await client.call('POST', '/queues', { name: 'orders' })).body.queue.id}`
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const target =
      index === PULLING ? {} : { notify_url: `${url}/${index}`, ...(index === HANGING && { timeout: 1_000 }) }
    const ordering = index === ORDERED ? 'key' : 'none'
    const listener = { name: `listener-${index}`, retry: RETRY, ordering, ...target }
    const { status, body } = await client.call('POST', `${queue}/listeners`, listener)
    assert.equal(status, 200, JSON.stringify(body))
    ids.push(body.listener.id)
  }
  return { queue, pulling: ids[PULLING] && `${queue}/listeners/${ids[PULLING]}` }
}

interface Running {
  stopped: boolean
}

/** Comes for messages until told to stop. What got no answer may have been acknowledged all the same, and counts. */
async function pull({ client }: Cluster, at: string, acknowledged: Acknowledged, running: Running): Promise<void> {
  const path = `/${PULLING}`
  while (!running.stopped) {
    const { body } = await client.call('POST', `${at}/pull`, { max: 50, lease: 2_000 }).catch(() => ({ body: null }))
    const messages: { receipt: string; data: string }[] = body?.messages ?? []
    const receipts = messages.map(({ receipt }) => receipt)
    if (receipts.length === 0) {
      await sleep(50)
      continue
    }
    const ack = await client.call('POST', `${at}/ack`, { receipts }).catch(() => null)
    const lost: string[] = ack === null ? [] : (ack.body.lost ?? receipts)
    const done = messages.filter(({ receipt }) => !lost.includes(receipt)).map(({ data }) => data)
    acknowledged.set(path, [...(acknowledged.get(path) ?? []), ...done])
  }
}

/** Posts messages with a key each, every fourth of which is for later, until each of them is answered 200. */
class Posting {
  readonly accepted: string[] = []
  readonly done: Promise<unknown>

  constructor(cluster: Cluster, queue: string) {
    this.done = Promise.all(Array.from({ length: CONNECTIONS }, (_, poster) => this.#post(cluster, queue, poster)))
  }

  async #post({ client }: Cluster, queue: string, poster: number): Promise<void> {
    for (let index = 0; index < MESSAGES / CONNECTIONS; index++) {
      const data = JSON.stringify({ poster, index })
      const message = { data, key: `key-${poster % KEYS}`, ...(index % 4 === 3 && { delay: 500 }) }
      // What got no answer may have been accepted all the same, and comes twice then.
      while ((await client.call('POST', `${queue}/messages`, message).catch(() => null))?.status !== 200)
        await sleep(20)
      this.accepted.push(data)
    }
  }

  /** Resolves once so much has been accepted: by progress, so that a slow machine is killed as often in its work. */
  reached(count: number): Promise<void> {
    return waitFor('accepted messages', () => this.accepted.length, count)
  }
}

/** How many deliveries of what was accepted have arrived, at all listeners together. */
function arrived(acknowledged: Acknowledged, accepted: readonly string[], count: number): number {
  const seen = Array.from({ length: count }, (_, index) => new Set(acknowledged.get(`/${index}`)))
  return seen.reduce((sum, bodies) => sum + accepted.filter((data) => bodies.has(data)).length, 0)
}

/** What was accepted without an answer counts as well. */
async function assertBooks({ client }: Cluster, queue: string, atLeast: number): Promise<void> {
  const pending = async () => (await client.call('GET', queue)).body.queue.pending_count
  await waitFor('a queue without pending messages', async () => (await pending()) === 0, 1, ARRIVE)
  const { ledger } = (await client.call('GET', '/ledger')).body
  assert.deepEqual([ledger.missed, ledger.unaccounted, ledger.delivered], [0, 0, ledger.accepted])
  assert.ok(ledger.accepted >= atLeast, `${ledger.accepted} deliveries of ${atLeast}`)
}

for (const [place, open] of Object.entries(places)) {
  for (const count of [1, 17, 40]) {
    test(`${place} with ${count} listeners, killed again and again, delivers all that it answered 200 to`, {
      timeout,
    }, async (t) => {
      const acknowledged: Acknowledged = new Map()
      const receiver = await startReceiver(answering(acknowledged))
      const cluster = await startCluster(await open(t))
      t.after(() => Promise.all(cluster.nodes.map(({ kill }) => kill())))
      const { queue, pulling } = await makeListeners(cluster, receiver.url, count)
      const running = { stopped: false }
      const pulled = pulling && pull(cluster, pulling, acknowledged, running)
      const posting = new Posting(cluster, queue)
      for (let kill = 1; kill <= KILLS; kill++) {
        await posting.reached((kill * MESSAGES) / (KILLS + 1))
        const node = cluster.nodes[kill % cluster.nodes.length]!
        await node.kill()
        await node.start()
      }
      await posting.done
      const came = () => arrived(acknowledged, posting.accepted, count)
      await waitFor('deliveries', came, posting.accepted.length * count, ARRIVE)
      await assertBooks(cluster, queue, MESSAGES * count)
      running.stopped = true
      await pulled
      await receiver.close()
      const requests = receiver.received.length
      t.diagnostic(`${posting.accepted.length} messages to ${count} listeners took ${requests} requests`)
    })
  }
}
