// Carries messages through a whole server in this process, and prints what one of them costs the main thread, as JSON.
// Not a test by itself: the test runner watches every promise, which costs as much again.
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { readConfig } from '../../src/config/config.ts'
import { startServer } from '../../src/server.ts'

const CONNECTIONS = 16
const MESSAGES = 3_200
/** The first ones compile; what the least of all rounds took is what a message needs. */
const ROUNDS = 6
/** On a busy machine commits are as large as chance has it, and the smaller they are, the more promises: the least counts. */
const PROMISE_ROUNDS = 4
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

const { carry, stop } = await openServer(process.argv[2]!)
const rounds: { bytes: number; outlived: number }[] = []
while (rounds.length < ROUNDS) {
  const [before, oldBefore] = [getHeapStatistics().total_allocated_bytes, oldBytes()]
  await carry()
  const [allocated, old] = [getHeapStatistics().total_allocated_bytes - before, oldBytes() - oldBefore]
  rounds.push({ bytes: allocated / MESSAGES, outlived: old / MESSAGES })
}
const bytes = Math.min(...rounds.map((round) => round.bytes))
// In the median: a round may compile, and another collect.
const outlived = rounds.map((round) => round.outlived).sort((a, b) => a - b)[ROUNDS / 2]!
let promises = 0
const hook = createHook({
  init(_, type) {
    if (type === 'PROMISE') promises += 1
  },
}).enable()
let fewest = Number.POSITIVE_INFINITY
for (let round = 0; round < PROMISE_ROUNDS; round++) {
  promises = 0
  await carry()
  fewest = Math.min(fewest, promises)
}
hook.disable()
await stop()
process.stdout.write(JSON.stringify({ bytes, outlived, promises: fewest / MESSAGES }))
process.exit(0)
