// What a receiver's answer may look like behind its head, without its message coming again, or a listener being taken
// for one that is away. Over the wire, against a server as people run it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { type Client, createClient } from '../../support/server/client.ts'
import {
  makeFolder,
  type ServerProcess,
  startServerProcess,
  TEST_ROOT_KEY,
} from '../../support/server/server-process.ts'
import { waitFor } from '../../support/wait-for.ts'

const timeout = 60_000
const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`
const PAGE = 'x'.repeat(100 * 1024)

/** A 2xx each, and what is wrong or large about the rest of it. */
const ANSWERS: [string, (socket: Socket) => void][] = [
  ['a page of 100 KB', (socket) => socket.write(`${OK}content-length: ${PAGE.length}\r\n\r\n${PAGE}`)],
  ['a page of 100 KB that ends with the connection', (socket) => socket.end(`${OK}\r\n${PAGE}`)],
  [
    'a head of 100 KB',
    (socket) => socket.write(`${OK}${`x: ${'y'.repeat(1_000)}\r\n`.repeat(100)}content-length: 0\r\n\r\n`),
  ],
  ['an event stream that never ends', streamEvents],
  ['a body that never comes', (socket) => socket.write(`${OK}content-length: 10\r\n\r\n`)],
  ['a body that breaks off', (socket) => socket.end(`${OK}content-length: 10\r\n\r\nabc`)],
  [
    'a connection that is reset',
    (socket) =>
      socket.write(`${OK}content-length: 10\r\n\r\nabc`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
  ],
  ['chunks that are none', (socket) => socket.write(`${CHUNKED}what is this\r\n`)],
  ['two lengths', (socket) => socket.write(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\nok`)],
  [
    'a length and chunks',
    (socket) => socket.write(`${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
  ],
  ['a length that is none', (socket) => socket.write(`${OK}content-length: many\r\n\r\nok`)],
  ['a coding that nobody knows', (socket) => socket.write(`${OK}transfer-encoding: secret\r\n\r\nok`)],
]

function streamEvents(socket: Socket): void {
  socket.write(`${OK}content-type: text/event-stream\r\n\r\n`)
  const timer = setInterval(() => socket.write('data: still here\n\n'), 50)
  socket.on('close', () => clearInterval(timer))
}

/** Counts requests to each path, and answers the nth path as the nth answer is. */
async function startReceiver() {
  const counts = new Map<string, number>()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const path = /^(?:POST|GET) (\S+) /.exec(bytes.toString('latin1'))?.[1]
      if (path === undefined) return
      counts.set(path, (counts.get(path) ?? 0) + 1)
      ANSWERS[Number(path.split('/').at(-1))]![1](socket)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { counts, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const folder = makeFolder()
let server: ServerProcess
let client: Client
let receiver: Awaited<ReturnType<typeof startReceiver>>

before(async () => {
  receiver = await startReceiver()
  server = await startServerProcess({
    DISCUE_DATABASE_URL: `sqlite:${folder.path}/d.db`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  })
  client = createClient(() => server.url)
})
after(async () => {
  await server.end('SIGKILL')
  receiver.server.close()
  folder[Symbol.dispose]()
})

async function call(method: string, path: string, body?: unknown) {
  const answer = await client.call(method, path, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

test('a 2xx acknowledges whatever follows its head, at the first attempt', { timeout }, async (t) => {
  const queueId = (await call('POST', '/queues', { name: 'bodies' })).queue.id
  // One at a time: where a place was not given back, the second message would never come.
  const settings = { max_concurrency: 1, retry: { initial_delay: 10, max_attempts: 16 } }
  for (const [index, [name]] of ANSWERS.entries()) {
    const notify_url = `${receiver.url}/hook/${index}`
    await call('POST', `/queues/${queueId}/listeners`, { name: name.replaceAll(' ', '-'), notify_url, ...settings })
  }
  const messages = [1, 2].map(() => call('POST', `/queues/${queueId}/messages`, { data: 'hello' }))
  for (const { message } of await Promise.all(messages)) {
    const path = `/queues/${queueId}/messages/${message.id}/attempts`
    const told = async () => (await call('GET', path)).attempts
    await waitFor('attempts', async () => (await told()).length, ANSWERS.length)
    const attempts = await told()
    assert.deepEqual(
      attempts.map((attempt: { status: number; error?: string }) => [attempt.status, attempt.error ?? null]),
      ANSWERS.map(() => [200, null]),
    )
    const long = attempts.filter(({ duration }: { duration: number }) => duration > 5_000)
    assert.deepEqual(long, [], 'nothing waited for its timeout')
  }
  for (const [index, [name]] of ANSWERS.entries()) {
    t.diagnostic(`${name}: ${receiver.counts.get(`/hook/${index}`)} requests`)
    assert.equal(receiver.counts.get(`/hook/${index}`), 2, name)
  }
})

test('a liveness URL that answers 2xx is alive, whatever follows its head', { timeout }, async () => {
  const queueId = (await call('POST', '/queues', { name: 'liveness' })).queue.id
  for (const [index, [name]] of ANSWERS.entries()) {
    const urls = { notify_url: `${receiver.url}/hook/0`, liveness_url: `${receiver.url}/alive/${index}` }
    await call('POST', `/queues/${queueId}/listeners`, { name: name.replaceAll(' ', '-'), ...urls })
  }
  const told = async (): Promise<{ name: string; liveness: { state: string } }[]> =>
    (await call('GET', `/queues/${queueId}/listeners?_embed`))._embedded.listeners
  const checked = async () => (await told()).filter(({ liveness }) => liveness.state !== 'unknown').length
  await waitFor('checked listeners', checked, ANSWERS.length)
  for (const { name, liveness } of await told()) assert.equal(liveness.state, 'stable', name)
})
