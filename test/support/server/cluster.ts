import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../torture/servers/ports.ts'
import { type WaitOptions, waitFor } from '../wait-for.ts'
import { type Client, createClient } from './client.ts'
import type { Receiver } from './receiver.ts'
import { type ServerProcess, startServerProcess, TEST_ROOT_KEY } from './server-process.ts'

/** Several servers on one database, each of which can be ended and started again at its address. */
export interface Cluster {
  nodes: ClusterNode[]
  /** Speaks to the nodes in turn. */
  client: Client
  stop(): Promise<void>
}

export interface ClusterNode {
  readonly server: ServerProcess
  client: Client
  kill(): Promise<void>
  start(): Promise<void>
}

/** One node for each URL of the database: a node that is to be cut off has a way there of its own. */
export async function startCluster(
  databaseUrls: readonly string[],
  env: Record<string, string> = {},
): Promise<Cluster> {
  const nodes = await Promise.all(databaseUrls.map((url) => startNode(url, env)))
  let turn = 0
  const client: Client = {
    call: (...call) => nodes[turn++ % nodes.length]!.client.call(...call),
  }
  return {
    nodes,
    client,
    async stop() {
      await Promise.all(nodes.map(({ server }) => server.end('SIGTERM')))
    },
  }
}

async function startNode(url: string, env: Record<string, string>): Promise<ClusterNode> {
  const all = {
    DISCUE_PORT: String(await freePort()),
    DISCUE_DATABASE_URL: url,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_LOG_LEVEL: 'error',
    // Receivers are on loopback, which a server behind a proxy does not send to by itself.
    DISCUE_TARGETS: 'any',
    ...env,
  }
  let server = await startServerProcess(all)
  return {
    get server() {
      return server
    },
    client: createClient(() => server.url),
    async kill() {
      await server.end('SIGKILL')
    },
    async start() {
      server = await startServerProcess(all)
    },
  }
}

/** Posts messages until told to stop, on many connections at once, and remembers what was answered 200. */
export class Posters {
  readonly accepted = new Set<string>()
  refused = 0
  #stopped = false
  readonly #running: Promise<void>[]

  constructor(client: Client, queueId: string, connections = 12) {
    this.#running = Array.from({ length: connections }, (_, lane) => this.#post(client, queueId, lane))
  }

  /** Of a post that is not answered, nothing is expected. */
  async #post(client: Client, queueId: string, lane: number): Promise<void> {
    for (let index = 0; !this.#stopped; index++) {
      const data = JSON.stringify({ lane, index })
      const answer = await client.call('POST', `/queues/${queueId}/messages`, { data }).catch(() => null)
      if (answer?.status === 200) this.accepted.add(data)
      else this.refused += 1
      await sleep(answer?.status === 200 ? 2 : 20)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }
}

/** A queue whose messages go to these receivers. */
export async function makeQueue(client: Client, receivers: readonly Receiver[]): Promise<string> {
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  const retry = { max_attempts: 100, initial_delay: 20, max_delay: 500, multiplier: 2 }
  for (const [index, receiver] of receivers.entries()) {
    const listener = { name: `listener-${index}`, notify_url: `${receiver.url}/hook`, retry }
    const answer = await client.call('POST', `/queues/${body.queue.id}/listeners`, listener)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
  }
  return body.queue.id
}

/** What was accepted and has not been acknowledged by this receiver, by its body. */
export function missing(receiver: Receiver, accepted: ReadonlySet<string>): string[] {
  const seen = new Set(receiver.received.filter(({ status }) => status === 200).map(({ body }) => body))
  return [...accepted].filter((data) => !seen.has(data))
}

/** Waits until each of these receivers has acknowledged all that was accepted. */
export async function allArrived(
  receivers: readonly Receiver[],
  accepted: ReadonlySet<string>,
  options: WaitOptions = {},
): Promise<void> {
  const arrived = () => receivers.reduce((sum, receiver) => sum + accepted.size - missing(receiver, accepted).length, 0)
  await waitFor('messages at all receivers', arrived, receivers.length * accepted.size, { everyMs: 50, ...options })
}

/** Which share of what a receiver acknowledged had come before. */
export function duplicates(receiver: Receiver): number {
  const acknowledged = receiver.received.filter(({ status }) => status === 200).map(({ body }) => body)
  return (acknowledged.length - new Set(acknowledged).size) / Math.max(1, acknowledged.length)
}
