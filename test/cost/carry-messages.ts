// Carries messages through a whole server in this process, and prints what one of them costs the main thread, as JSON:
// `carry-messages.ts FOLDER bytes=23300,promises=4.6`, where each number is what is enough. Not a test by itself: the test runner watches every promise, which
// costs as much again.
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { readConfig } from '../../src/config/config.ts'
import { startServer } from '../../src/server.ts'

const CONNECTIONS = 16
const MESSAGES = 2_400
/**
 * The first ones compile; what the least of all rounds took is what a message needs: on a busy machine commits are as large
 * as chance has it, and the smaller they are, the more a message costs.
 */
const ROUNDS = { bytes: 6, outlived: 6, promises: 4 }
/**
 * A busy machine gets more of them. Rounds in which all of the heap was collected say nothing of what outlives a message,
 * and do not count.
 */
const MOST_ROUNDS = 24
/** To ask costs as much as many messages do, and a busy machine would be asked more often: a few times a round at most. */
const ASK_EVERY_MS = 250
const KEY = 'root-key-of-a-server-that-nobody-else-talks-to-0123456789'
const BODY = JSON.stringify({ data: JSON.stringify({ text: 'x'.repeat(240) }) })
const OK = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const nothing = () => undefined

/** Answers every request, each of which comes in one piece, as the server writes it; calls back for each. */
async function startReceiver(received: () => void) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', () => {
      received()
      socket.write(OK)
    })
    socket.on('error', nothing)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as { port: number }).port }
}

/** Posts so many messages over each connection, one at a time; resolves when all are answered. */
async function postAll(sockets: readonly Socket[], request: Buffer, each: number): Promise<void> {
  await Promise.all(sockets.map((socket) => postOver(socket, request, each)))
}

function postOver(socket: Socket, request: Buffer, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let left = count
  socket.removeAllListeners('data').on('data', (answer: Buffer) => {
    if (!answer.toString('latin1', 0, 12).endsWith(' 200')) reject(new Error(answer.toString()))
    left -= 1
    if (left === 0) resolve()
    else socket.write(request)
  })
  socket.write(request)
  return promise
}

/** A server on an empty database in `folder`, with a queue and a listener; `carry` brings a round of messages to it. */
async function openServer(folder: string) {
  const fail = (fields: object, text: string) => {
    throw new Error(`${text}: ${JSON.stringify(fields)}`)
  }
  const log = { debug: nothing, info: nothing, warn: nothing, error: fail }
  const database = `sqlite:${join(folder, 'discue.db')}`
  const env = { DISCUE_DATABASE_URL: database, DISCUE_PORT: '0', DISCUE_ROOT_API_KEY: KEY }
  const server = await startServer(readConfig([], env), log)
  let [arrived, expected] = [0, 0]
  let allArrived = Promise.withResolvers<void>()
  const receiver = await startReceiver(() => {
    arrived += 1
    if (arrived === expected) allArrived.resolve()
  })
  // biome-ignore lint/suspicious/noExplicitAny: two answers of the API, of which one property each is read
  async function call(method: string, path: string, body?: object): Promise<any> {
    const headers = { 'x-api-key': KEY, ...(body && { 'content-type': 'application/json' }) }
    return (await fetch(`${server.url}/v1${path}`, { method, headers, body: body && JSON.stringify(body) })).json()
  }
  const queueId = (await call('POST', '/queues', { name: 'q' })).queue.id
  const listener = { name: 'l', notify_url: `http://127.0.0.1:${receiver.port}/` }
  await call('POST', `/queues/${queueId}/listeners`, listener)
  const { port, host } = new URL(server.url)
  const head = `POST /v1/queues/${queueId}/messages HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json`
  const request = Buffer.from(`${head}\r\nx-api-key: ${KEY}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`)
  const sockets = Array.from({ length: CONNECTIONS }, () => connect({ port: Number(port), host: '127.0.0.1' }))

  async function carry(): Promise<void> {
    expected = arrived + MESSAGES
    allArrived = Promise.withResolvers()
    await postAll(sockets, request, MESSAGES / CONNECTIONS)
    await allArrived.promise
    // What has arrived is settled a commit later.
    do await sleep(ASK_EVERY_MS)
    while ((await call('GET', `/queues/${queueId}`)).queue.pending_count > 0)
  }
  return { carry, stop: server.stop }
}

/** Of the part of the heap that only a full collection looks at. */
function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')!.space_used_size
}

/** Counts how often all of the heap was collected. */
function watchCollections(): () => number {
  let count = 0
  const note = (entries: readonly PerformanceEntry[]) => {
    for (const entry of entries as readonly (PerformanceEntry & { detail: { kind: number } })[]) {
      if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count += 1
    }
  }
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    note(observer.takeRecords())
    return count
  }
}

type Measured = keyof typeof ROUNDS

let promises = 0

function countPromises(): void {
  createHook({
    init(_, type) {
      if (type === 'PROMISE') promises += 1
    },
  }).enable()
}

const { carry, stop } = await openServer(process.argv[2]!)
const collections = watchCollections()

/** What a round has of it; null where it says nothing. */
async function round(measured: Measured): Promise<number | null> {
  const figures = () => ({ bytes: getHeapStatistics().total_allocated_bytes, outlived: oldBytes(), promises })
  const [before, collected] = [figures(), collections()]
  await carry()
  const after = figures()
  return measured === 'outlived' && collections() > collected ? null : after[measured] - before[measured]
}

/** The least of all rounds, for one message, and how many rounds that were: more, where they have not shown `enough`. */
async function measure(measured: Measured, enough: number): Promise<{ least: number; rounds: number }> {
  if (measured === 'promises') countPromises()
  let [least, rounds] = [Number.POSITIVE_INFINITY, 0]
  for (let made = 0; made < MOST_ROUNDS && (rounds < ROUNDS[measured] || least > enough); made++) {
    const it = await round(measured)
    if (it === null) continue
    rounds += 1
    least = Math.min(least, it / MESSAGES)
  }
  return { least, rounds }
}

const printed: Record<string, object> = {}
for (const asked of process.argv[3]!.split(',')) {
  const [measured, enough] = asked.split('=') as [Measured, string]
  printed[measured] = await measure(measured, Number(enough))
}
await stop()
process.stdout.write(JSON.stringify(printed))
process.exit(0)
