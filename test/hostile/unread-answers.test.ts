// Clients that send and send, and read nothing of what they are answered: what is owed to them must not fill the memory,
// and requests that are refused at once must not pile up on the stack.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { NO_OPENSSL } from '../support/server/certificate.ts'
import { TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { Client, post, type WireAnswer } from '../support/server/wire.ts'
import { connectRaw } from './raw-client.ts'
import { type HostileServer, startHostileServer, withoutTls } from './servers.ts'

const MEBIBYTE = 1024 * 1024
const SENT_BYTES = 100 * MEBIBYTE
const MAX_GROWTH_BYTES = 30 * MEBIBYTE
/** Data of posts that wait to be stored: see engine/pending-accepts.ts, which refuses more. */
const WAITING_BYTES = 64 * MEBIBYTE
const CONNECTIONS = 10
/** Long enough for the acceptor to have its say, and for the kernel's buffers to be full. */
const STALLED_MS = 1_500

/** The young part of the heap as `npm start` has it. */
const ENV = { DISCUE_RATE_LIMIT: '0', NODE_OPTIONS: '--max-semi-space-size=8' }

const isLinux = process.platform === 'linux'
const REASON = 'resident memory is read from /proc'

function residentBytes({ pid }: HostileServer): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

async function ask(server: HostileServer, bytes: string): Promise<WireAnswer> {
  const { socket } = await connectRaw({ port: server.port, ca: server.ca, protocol: 'http/1.1' })
  const client = new Client(socket)
  client.send(bytes)
  const answer = await client.answer()
  socket.destroy()
  assert.ok(answer !== null, 'the server hung up without an answer')
  return answer
}

async function makeQueue(server: HostileServer): Promise<string> {
  const { body } = await ask(server, post('', { key: TEST_ROOT_KEY, body: { name: 'q' }, path: '/v1/queues' }))
  return JSON.parse(body).queue.id
}

/** Resolves when so much is written, or nothing has gone on for a while; `written` says how much. */
async function untilSentOrStalled(written: () => number, total: number): Promise<void> {
  let [before, since] = [-1, Date.now()]
  while (written() < total && Date.now() - since < STALLED_MS) {
    if (written() !== before) [before, since] = [written(), Date.now()]
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The most that resident memory grows by while `work` goes on. */
async function growthDuring(server: HostileServer, work: () => Promise<void>): Promise<number> {
  const before = residentBytes(server)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(server))
  }, 50)
  await work().finally(() => clearInterval(timer))
  return most - before
}

/** Sends one request over and over on many connections of HTTP/1.1, and reads nothing. */
async function floodUnread(server: HostileServer, request: string, bytes: number): Promise<number> {
  const sockets: Socket[] = []
  const block = Buffer.from(request.repeat(Math.ceil(MEBIBYTE / request.length)))
  for (let n = 0; n < CONNECTIONS; n++) {
    const { socket } = await connectRaw({ port: server.port, ca: server.ca, protocol: 'http/1.1' })
    socket.pause()
    sockets.push(socket)
  }
  const growth = await growthDuring(server, async () => {
    for (let sent = 0; sent < bytes; sent += CONNECTIONS * block.length)
      for (const socket of sockets) socket.write(block)
    const waiting = () => sockets.reduce((sum, socket) => sum + socket.writableLength, 0)
    await untilSentOrStalled(() => bytes - waiting(), bytes)
  })
  for (const socket of sockets) socket.destroy()
  return growth
}

function expectSmall(t: TestContext, growth: number, most = MAX_GROWTH_BYTES): void {
  const mebibytes = (bytes: number) => (bytes / MEBIBYTE).toFixed(1)
  t.diagnostic(`${mebibytes(growth)} MiB more`)
  assert.ok(growth <= most, `${mebibytes(growth)} MiB more, ${mebibytes(most)} at most`)
}

test('many refusals at once are no deeper a stack', async () => {
  const server = await startHostileServer()
  const queueId = await makeQueue(server)
  const { socket } = await connectRaw({ port: server.port })
  const client = new Client(socket)
  client.send(post(queueId, { key: 'nobody', body: { data: 'x' } }).repeat(5_000))
  for (let n = 0; n < 5_000; n++) assert.match((await client.answer())!.statusLine, / 40[13] /)
  socket.destroy()
})

describe('over TCP', { skip: !isLinux && REASON }, async () => {
  if (!isLinux) return
  const server = await startHostileServer({ env: ENV })
  const queueId = await makeQueue(server)
  const flood = async (t: TestContext, request: string, most: number) => {
    // The heap grows to what work takes, whoever reads; what matters is whether more comes with more.
    await floodUnread(server, request, SENT_BYTES)
    expectSmall(t, await floodUnread(server, request, SENT_BYTES), most)
    assert.match((await ask(server, post(queueId, { key: TEST_ROOT_KEY, body: { data: 'x' } }))).statusLine, / 200 /)
  }

  test('posts that are refused, none of whose answers is read, fill no memory', async (t) => {
    await flood(t, post('0'.repeat(21), { key: TEST_ROOT_KEY, body: { data: 'x'.repeat(2_000) } }), MAX_GROWTH_BYTES)
  })

  test('posts that are accepted fill no more than what may wait for the disk does', async (t) => {
    const request = post(queueId, { key: TEST_ROOT_KEY, body: { data: 'x'.repeat(20_000) } })
    await flood(t, request, MAX_GROWTH_BYTES + WAITING_BYTES)
  })
})

test('streams of HTTP/2, none of whose answers is read, fill no memory', {
  skip: withoutTls ? NO_OPENSSL : !isLinux && REASON,
}, async (t) => {
  const server = await startHostileServer({ tls: true, env: ENV })
  const queueId = await makeQueue(server)
  const body = JSON.stringify({ data: 'x'.repeat(20_000) })
  const head = {
    ':method': 'POST',
    ':path': `/v1/queues/${queueId}/messages`,
    'x-api-key': TEST_ROOT_KEY,
    'content-type': 'application/json',
    'content-length': body.length,
  }
  const growth = await growthDuring(server, async () => {
    let sent = 0
    // Takes nothing at all of the bodies that it is answered.
    const session = connectHttp2(server.url, { ca: server.ca, settings: { initialWindowSize: 0 } })
    session.on('error', () => undefined)
    await once(session, 'connect')
    const next = () => {
      if (session.destroyed || sent >= SENT_BYTES) return
      const stream = session.request(head)
      stream.on('error', () => undefined)
      stream.end(body, () => {
        sent += body.length
        next()
      })
    }
    for (let n = 0; n < 50; n++) next()
    await untilSentOrStalled(() => sent, SENT_BYTES)
    session.destroy()
  })
  expectSmall(t, growth)
  assert.match((await ask(server, post(queueId, { key: TEST_ROOT_KEY, body: { data: 'x' } }))).statusLine, / 200 /)
})
