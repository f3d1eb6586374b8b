import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { createEventWatch, type EventWatch } from '../../../app/streams/event-watch.ts'
import type { Sink } from '../../../app/streams/sse-client.ts'
import type { EventDigest } from '../../../core/telemetry/event-digest.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import { whenClientEnds } from '../../connection/half-open.ts'
import { type Api, requires } from '../../contract.ts'
import { Problem, Query } from '../../present/schemas.ts'
import { fullEvent } from './event-form.ts'

/** What may wait in memory for a SSE client before it counts as slow; one event digest is about 10 KiB. */
const BUFFER_BYTES = 32 * 1024

const EXAMPLE = `retry: 2000
event: hello
data: {}

id: 00V2yKZ1uVcNd1tFQpZ0a
event: usage
data: {"at":1767225600000,"counts":{"message_added":3},"events":[],"omitted":3,"gap":false}
`

const schema = {
  operationId: 'streamEvents',
  summary: 'Follow what happens, as server-sent events',
  description: [
    'First an event `hello`; then, at most once a second and only where something happened, an event `usage` with',
    '`counts` of each type of event, the newest of the `events` themselves, how many were `omitted`, and `gap`, which',
    'is true where more may have happened than is told. A client that is slow gets several of them joined in one. A',
    'comment keeps the connection alive. `Last-Event-ID` continues where a stream before ended, for up to 50 events.',
    'The stream ends with the key, and when the server stops.',
  ].join('\n'),
  querystring: Query,
  headers: Type.Object({ 'Last-Event-ID': Type.Optional(Type.String({ description: 'the id that came last' })) }),
  response: {
    200: { description: 'OK', content: { 'text/event-stream': { schema: Type.String({ examples: [EXAMPLE] }) } } },
    '4xx': Problem,
    '5xx': Problem,
  },
}

const HEADERS = {
  // Proxies that collect answers before they send them would keep everything to themselves.
  'x-accel-buffering': 'no',
}
const GREETING = 'retry: 2000\nevent: hello\ndata: {}\n\n'

export function eventStreamRoutes(api: Api, deps: AppDeps): void {
  const watch = createEventWatch(deps, textOf)
  api.addHook('preClose', async () => watch.close())
  const config = { requires: { ...requires('events', 'read').requires, produces: 'text/event-stream' as const } }
  api.get('/events/stream', { schema, config }, async (request, reply) => {
    reply.headers(HEADERS).type('text/event-stream; charset=utf-8')
    if (request.method === 'HEAD') return reply.send('')
    const { 'x-api-key': keyText, 'last-event-id': lastId } = request.headers
    const ask = { principal: request.principal, keyText: String(keyText), lastId: lastId ? String(lastId) : null }
    const stream = await open(watch, ask)
    whenClientEnds(reply, () => stream.destroyed || stream.push(null))
    return reply.send(stream)
  })
}

/** The stream of one SSE client; it leaves when it is closed, by whichever side. */
async function open(
  watch: EventWatch,
  ask: { principal: Principal; keyText: string; lastId: string | null },
): Promise<Readable> {
  let ready: () => void = () => undefined
  const stream = new Readable({ highWaterMark: BUFFER_BYTES, read: () => ready() })
  const sink: Sink = {
    write: (text) => stream.destroyed || stream.push(text),
    end: () => void (stream.destroyed || stream.push(null)),
  }
  stream.push(GREETING)
  const member = await watch.join({ ...ask, sink })
  ready = member.ready
  stream.once('close', member.leave)
  return stream
}

function textOf(eventDigest: EventDigest): string {
  const { at, events, omitted, gap } = eventDigest
  const counts = Object.fromEntries(Object.entries(eventDigest.counts).filter(([, count]) => count > 0))
  const id = events[0] === undefined ? '' : `id: ${events[0].id}\n`
  return `${id}event: usage\ndata: ${JSON.stringify({ at, counts, events: events.map((event) => fullEvent(event)), omitted, gap })}\n\n`
}
