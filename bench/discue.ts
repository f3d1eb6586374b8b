import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Inlet } from './contender.ts'
import { root } from './place.ts'
import { type MeasuredProcess, startProcess } from './process.ts'

/** What a listener is made with; see the API. */
export interface NewListener {
  name: string
  notify_url: string
  max_concurrency?: number
}

/** A discue server on a database of its own. */
export interface Discue extends AsyncDisposable {
  server: MeasuredProcess
  /** The body of what a path below the version answers. */
  get(path: string): Promise<unknown>
  createQueue(name: string): Promise<string>
  addListener(queueId: string, listener: NewListener): Promise<void>
  /** The deliveries of a queue that are neither acknowledged nor missed. */
  pendingCount(queueId: string): Promise<number>
  /** `drains: false` for a queue of which something will stay pending: then nothing is waited for after a round. */
  inlet(name: string, queueId: string, how?: { drains: boolean }): Inlet
  /** The same for several queues, which are posted to in turns. */
  inletOf(name: string, queueIds: readonly string[], how?: { drains: boolean }): Inlet
}

const READY_PATIENCE_MS = 15_000
const SETTLE_PATIENCE_MS = 60_000
const POLL_MS = 50

/**
 * Starts a server on a free port and an empty database, on the disk that the repository is on; `fill` may put
 * something into it before.
 */
export async function startDiscue(fill?: (path: string, rootKey: string) => Promise<void>): Promise<Discue> {
  const folder = createFolder()
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const key = randomBytes(48).toString('base64url')
  await fill?.(`${folder}/discue.db`, key)
  const server = startProcess('discue', startArguments(), {
    DISCUE_PORT: String(port),
    DISCUE_DATABASE_URL: `sqlite:${folder}/discue.db`,
    DISCUE_ROOT_API_KEY: key,
    DISCUE_LOG_LEVEL: 'warn',
  })
  const remove = async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(server, origin)
  } catch (error) {
    await remove()
    throw error
  }
  return { server, ...createClient(server, origin, key), [Symbol.asyncDispose]: remove }
}

/** What `npm start` gives to Node.js. */
function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(root('package.json'), 'utf8')) as { scripts: { start: string } }
  return scripts.start
    .split(' ')
    .slice(1)
    .map((part) => (part.startsWith('-') ? part : root(part)))
}

function createFolder(): string {
  mkdirSync(root('data'), { recursive: true })
  const folder = mkdtempSync(root('data', 'bench-'))
  // Also where the run is interrupted. The servers are killed by then; see process.ts.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
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

function createClient(server: MeasuredProcess, origin: string, key: string) {
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { 'x-api-key': key, ...(body && { 'content-type': 'application/json' }) }
    server.mustRun()
    const answer = await fetch(`${origin}/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }
  async function createQueue(name: string): Promise<string> {
    return ((await call('POST', '/queues', { name })) as { queue: { id: string } }).queue.id
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
  function inletOf(
    name: string,
    queueIds: readonly string[],
    { drains }: { drains: boolean } = { drains: true },
  ): Inlet {
    const ids = new Set(queueIds)
    const pending = () => (queueIds.length === 1 ? pendingCount(queueIds[0]!) : pendingOf(ids))
    const settled = drains ? () => untilSettled(pending) : async () => true
    return { name, server, urls: queueIds.map((id) => `${origin}/v1/queues/${id}/messages`), key, settled }
  }
  const inlet = (name: string, queueId: string, how?: { drains: boolean }) => inletOf(name, [queueId], how)
  return { get: (path: string) => call('GET', path), createQueue, addListener, pendingCount, inlet, inletOf }
}

async function untilSettled(pendingCount: () => Promise<number>): Promise<boolean> {
  for (let waited = 0; waited < SETTLE_PATIENCE_MS; waited += POLL_MS) {
    if ((await pendingCount()) === 0) return true
    await sleep(POLL_MS)
  }
  return false
}

/** Free when asked; nobody promises that it stays so, but the kernel hands these out in turn. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
