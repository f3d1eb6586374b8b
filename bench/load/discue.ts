import { randomBytes } from 'node:crypto'
import { readFileSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cost, measureCost } from '../measure/cost.ts'
import { type MeasuredProcess, startProcess } from '../measure/process.ts'
import { type Inlet, untilNonePending } from './contender.ts'
import { createFolder, freePort, root } from './place.ts'

/** What a listener is made with; see the API. */
interface NewListener {
  name: string
  notify_url: string
  max_concurrency?: number
}

/** A discue server on a database of its own. */
export interface Discue extends AsyncDisposable {
  server: MeasuredProcess
  cost: Cost
  /** The root key. */
  key: string
  /** The body of what a path below the version answers. */
  get(path: string): Promise<unknown>
  post(path: string, body: object): Promise<unknown>
  createQueue(name: string, how?: { paused: boolean }): Promise<string>
  /** Lets a queue that was paused carry its messages. */
  resume(queueId: string): Promise<void>
  addListener(queueId: string, listener: NewListener): Promise<void>
  /** The deliveries of a queue that are neither acknowledged nor missed. */
  pendingCount(queueId: string): Promise<number>
  /** `drains: false` for a queue of which something will stay pending: then nothing is waited for after a round. */
  inlet(name: string, queueIds: string | readonly string[], how?: { drains?: boolean; lanes?: number }): Inlet
}

const READY_PATIENCE_MS = 15_000
const POLL_MS = 50

/** Something to be in the database before the server starts, or another database than SQLite with its process. */
export interface DiscueStart {
  fill?: (path: string, rootKey: string) => Promise<void>
  postgres?: { process: MeasuredProcess; url: string }
  /** Instead of a database of its own: that of another node, with its key. */
  joins?: { url: string; key: string }
  /** Settings beside those that every server here is started with. */
  env?: Record<string, string>
  /** Paths of a certificate and its key: the server speaks TLS only. This process must trust it. */
  tls?: { certPath: string; keyPath: string }
  /** The folder of another version of this repository, with its dependencies; its server is started. */
  version?: string
}

/** Starts a server on a free port and an empty database, on the disk that the repository is on. */
export async function startDiscue({ fill, postgres, joins, env, tls, version }: DiscueStart = {}): Promise<Discue> {
  const folder = createFolder()
  const port = await freePort()
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  const key = joins?.key ?? randomBytes(48).toString('base64url')
  await fill?.(`${folder}/discue.db`, key)
  const settings = {
    DISCUE_PORT: String(port),
    DISCUE_DATABASE_URL: joins?.url ?? postgres?.url ?? `sqlite:${folder}/discue.db`,
    DISCUE_ROOT_API_KEY: key,
    DISCUE_LOG_LEVEL: 'warn',
    ...(tls && { DISCUE_TLS_CERT: tls.certPath, DISCUE_TLS_KEY: tls.keyPath }),
    ...env,
  }
  const node = version === undefined ? process.execPath : realpathSync(join(version, 'node_modules/.bin/node'))
  const server = startProcess('discue', startArguments(version), settings, node)
  const remove = async () => {
    await server.stop()
    await postgres?.process.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(server, origin)
  } catch (error) {
    await remove()
    throw error
  }
  // From here on: a first start may build what later ones find.
  const cost = measureCost(postgres === undefined ? [server] : [server, postgres.process])
  const dispose = async () => {
    cost[Symbol.dispose]()
    await remove()
  }
  return { server, cost, key, ...createClient({ server, cost }, origin, key), [Symbol.asyncDispose]: dispose }
}

/** What `npm start` gives to Node.js. */
function startArguments(folder = root()): string[] {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { scripts: { start: string } }
  const words = scripts.start.split(' ')
  return words.slice(words.indexOf('node') + 1).map((part) => (part.startsWith('-') ? part : join(folder, part)))
}

async function untilReady(server: MeasuredProcess, origin: string): Promise<void> {
  for (let waited = 0; waited < READY_PATIENCE_MS; waited += POLL_MS) {
    server.mustRun()
    const answer = await fetch(`${origin}/health/ready`).catch(() => null)
    if (answer?.status === 200) return
    await sleep(POLL_MS)
  }
  throw new Error(`discue was not ready after ${READY_PATIENCE_MS / 1000} s`)
}

function createClient({ server, cost }: { server: MeasuredProcess; cost: Cost }, origin: string, key: string) {
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) }
    server.mustRun()
    const answer = await fetch(`${origin}/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
  async function createQueue(name: string, { paused } = { paused: false }): Promise<string> {
    const { queue } = (await call('POST', '/queues', { name })) as { queue: { id: string } }
    if (paused) await call('PUT', `/queues/${queue.id}`, { paused })
    return queue.id
  }
  async function resume(queueId: string): Promise<void> {
    await call('PUT', `/queues/${queueId}`, { paused: false })
  }
  async function addListener(queueId: string, listener: NewListener): Promise<void> {
    await call('POST', `/queues/${queueId}/listeners`, listener)
  }
  async function pendingCount(queueId: string): Promise<number> {
    const answer = (await call('GET', `/queues/${queueId}`)) as { queue: { pending_count?: unknown } }
    const count = answer.queue.pending_count
    if (typeof count !== 'number') throw new Error('GET of a queue does not tell its pending_count')
    return count
  }
  async function pendingOf(queueIds: ReadonlySet<string>): Promise<number> {
    const { _embedded } = (await call('GET', '/queues?_embed')) as {
      _embedded: { queues: { id: string; pending_count: number }[] }
    }
    const counts = _embedded.queues.filter(({ id }) => queueIds.has(id)).map((queue) => queue.pending_count)
    return counts.reduce((sum, count) => sum + count, 0)
  }
  function inlet(name: string, queueIds: string | readonly string[], { drains = true, lanes = 1 } = {}): Inlet {
    const ids = [queueIds].flat()
    const urls = ids.map((id) => `${origin}/v1/queues/${id}/messages`)
    const known = new Set(ids)
    const pending = () => (ids.length === 1 ? pendingCount(ids[0]!) : pendingOf(known))
    const settled = drains ? () => untilNonePending(pending) : async () => true
    return { name, server, cost, urls, batchUrl: `${urls[0]}/batch`, key, lanes, settled }
  }
  const get = (path: string) => call('GET', path)
  const post = (path: string, body: object) => call('POST', path, body)
  return { get, post, createQueue, resume, addListener, pendingCount, inlet }
}
