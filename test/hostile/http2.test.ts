// Floods of HTTP/2, by clients that speak it frame by frame. While several of them go on, another client's requests are
// answered, and the server's memory stays within what a few sessions may take.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { Agent, request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { NO_OPENSSL } from '../support/server/certificate.ts'
import { readExposition } from '../support/server/prometheus.ts'
import { FLAG, field, frame, PREFACE, requestHead, setting, TYPE, uint32 } from './http2-frames.ts'
import { connectRaw } from './raw-client.ts'
import { type HostileServer, startHostileServer, withoutTls } from './servers.ts'

const CLIENTS = 6
/** Answers of the server that the honest client wants while the flood goes on. */
const HONEST = 30
/** More than any of them may have read before its session is ended. */
const MAX_FLOOD_BYTES = 4 * 1024 * 1024
const MAX_GROWTH_BYTES = 96 * 1024 * 1024
const LIMIT = { timeout: 60_000 }

/** What comes again and again; `stream` counts the client's streams. */
interface Flood {
  what: string
  begin?: Buffer
  next: (stream: number) => Buffer
  /** Whether the client reads what comes back. */
  reads: boolean
  /** Whether the server has to end the session; else it may carry what is asked. */
  ends: boolean
}

const END = FLAG.endStream | FLAG.endHeaders
const get = (stream: number) => frame(TYPE.headers, END, stream, requestHead('GET', '/openapi.json'))
const ping = frame(TYPE.ping, 0, 0, Buffer.alloc(8))
const settings = frame(TYPE.settings, 0, 0, setting(3, 100))

const FLOODS: Flood[] = [
  { what: 'SETTINGS whose acknowledgements are not read', next: () => settings, reads: false, ends: true },
  { what: 'SETTINGS', next: () => settings, reads: true, ends: false },
  { what: 'PING whose answers are not read', next: () => ping, reads: false, ends: true },
  { what: 'PING', next: () => ping, reads: true, ends: false },
  {
    what: 'RST_STREAM right behind each request',
    next: (stream) => Buffer.concat([get(stream), frame(TYPE.reset, 0, stream, uint32(8))]),
    ...{ reads: true, ends: true },
  },
  {
    what: 'CONTINUATION without end',
    begin: frame(TYPE.headers, FLAG.endStream, 1, requestHead('GET', '/health/live')),
    next: () => frame(TYPE.continuation, 0, 1, field('x-more', 'x'.repeat(100))),
    ...{ reads: true, ends: true },
  },
  {
    what: 'CONTINUATION without end and without content',
    begin: frame(TYPE.headers, FLAG.endStream, 1, requestHead('GET', '/health/live')),
    next: () => frame(TYPE.continuation, 0, 1),
    ...{ reads: true, ends: true },
  },
  {
    what: 'DATA without content',
    begin: frame(TYPE.headers, FLAG.endHeaders, 1, requestHead('POST', '/v1/queues')),
    next: () => frame(TYPE.data, 0, 1),
    ...{ reads: true, ends: false },
  },
  {
    what: 'requests whose answers have no window',
    begin: frame(TYPE.settings, 0, 0, setting(4, 0)),
    next: get,
    ...{ reads: true, ends: true },
  },
  { what: 'requests whose answers are not read', next: get, reads: false, ends: true },
  { what: 'PRIORITY', next: (stream) => frame(TYPE.priority, 0, stream, Buffer.alloc(5)), reads: true, ends: false },
  { what: 'WINDOW_UPDATE', next: () => frame(TYPE.window, 0, 0, uint32(1)), reads: true, ends: false },
  { what: 'frames of a type that there is not', next: () => frame(0xee, 0, 0), reads: true, ends: false },
]

/** Sends until it is told to stop, the server has had enough, or the flood has had its length. */
async function flood(server: HostileServer, { begin, next, reads }: Flood, isOver: () => boolean) {
  const { wire, socket } = await connectRaw({ port: server.port, ca: server.ca, protocol: 'h2' })
  if (reads) socket.resume()
  else wire.pause()
  let gone = false
  for (const one of [wire, socket])
    one.once('close', () => {
      gone = true
    })
  await write(socket, Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0), begin ?? Buffer.alloc(0)]))
  let sent = 0
  for (let stream = 3; !gone && !isOver() && sent < MAX_FLOOD_BYTES; ) {
    const frames = Array.from({ length: 200 }, (_, at) => next(stream + 2 * at))
    stream += 400
    const bytes = Buffer.concat(frames)
    sent += bytes.length
    await write(socket, bytes)
  }
  const endedByServer = gone
  socket.destroy()
  wire.destroy()
  return { sent, endedByServer }
}

/** Resolves when the bytes are on their way, or never will be. */
function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(resolve, 250)
    const done = () => {
      clearTimeout(patience)
      setImmediate(resolve)
    }
    if (socket.destroyed) done()
    else socket.write(bytes, done)
  })
}

async function get200({ url, ca }: HostileServer, agent: Agent): Promise<number> {
  const before = performance.now()
  const [response] = await once(requestHttps(`${url}/health/live`, { ca, agent }).end(), 'response')
  assert.equal(response.statusCode, 200)
  response.resume()
  await once(response, 'end')
  return performance.now() - before
}

async function residentBytes({ metricsPort }: HostileServer): Promise<number> {
  const samples = readExposition(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text())
  return samples.find(({ name }) => name === 'process_resident_memory_bytes')!.value
}

describe('while clients flood the server over HTTP/2 with', { skip: withoutTls && NO_OPENSSL }, async () => {
  if (withoutTls) return
  const server = await startHostileServer({ tls: true })
  for (const it of FLOODS) {
    test(it.what, LIMIT, async (t: TestContext) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      t.after(() => agent.destroy())
      await get200(server, agent)
      const before = await residentBytes(server)
      let over = false
      const floods = Promise.all(Array.from({ length: CLIENTS }, () => flood(server, it, () => over)))
      const took: number[] = []
      while (took.length < HONEST) took.push(await get200(server, agent))
      const growth = (await residentBytes(server)) - before
      // A session that has to be ended is flooded until it is.
      if (!it.ends) over = true
      const ended = await floods
      t.diagnostic(
        `slowest of ${HONEST}: ${Math.max(...took).toFixed()} ms; memory: ${(growth / 2 ** 20).toFixed(1)} MiB more`,
      )
      assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more`)
      if (it.ends) {
        for (const { endedByServer, sent } of ended) assert.ok(endedByServer, `it took ${sent} bytes, and went on`)
      }
    })
  }

  test('a head that is larger than one of HTTP/1.1 may be is refused, and others are not', LIMIT, async () => {
    for (const [size, status] of [
      [8_000, 200],
      [17_000, 400],
      [60_000, 400],
    ] as const) {
      const session = connectHttp2(server.url, { ca: server.ca })
      const stream = session.request({ ':path': '/health/live', 'x-large': 'x'.repeat(size) })
      const [headers] = await once(stream, 'response')
      assert.equal(headers[':status'], status, `${size} bytes`)
      session.destroy()
    }
  })

  test(
    'a head that is larger than that, of a client that has acknowledged the limit, ends its stream',
    LIMIT,
    async () => {
      const session = connectHttp2(server.url, { ca: server.ca })
      await once(session, 'remoteSettings')
      // Answered behind the acknowledgement.
      await once(session.request({ ':path': '/health/live' }), 'response')
      const stream = session.request({ ':path': '/health/live', 'x-large': 'x'.repeat(17_000) })
      const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException]
      assert.equal(error.code, 'ERR_HTTP2_STREAM_ERROR')
      session.destroy()
    },
  )
})
