// The stateless relay: what HTTP in and HTTP out cost on this machine, with nothing between. It answers at once,
// keeps what it has yet to forward in memory, signs nothing, checks nobody and stores nothing. No server that
// promises more can be faster, so it is the ceiling that the others are measured against.
//   node bench/relay.ts <port> <target URL>     (port 0: any free one, printed)
import { fastify } from 'fastify'
import { Client, type Dispatcher } from 'undici'
import { lastsAsLongAsItsParent, printReady } from './child.ts'
import { createFifo } from './fifo.ts'

const IN_FLIGHT = 64
/** Watching the time is work too, and no part of relaying. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 }

const [, , port = '0', target = ''] = process.argv
const url = new URL(target)

const waiting = createFifo<string>()
let failures = 0
const headers = ['content-type', 'application/json']

// One client is one connection. A pool would look through its connections for a free one each time; a stack of the
// free ones knows.
const free = Array.from({ length: IN_FLIGHT }, () => createForwarder(new Client(url.origin, NO_TIMEOUTS)))

const queueParams = { type: 'object', properties: { queueId: { type: 'string' } }, required: ['queueId'] }
const messageBody = {
  type: 'object',
  properties: { data: { type: 'string' }, name: { type: 'string' } },
  required: ['data'],
}
const href = { type: 'object', properties: { href: { type: 'string' } } }
const answer = {
  type: 'object',
  properties: {
    message: { type: 'object', properties: { id: { type: 'string' } } },
    _links: { type: 'object', properties: { self: href } },
  },
}

interface MessageRoute {
  Params: { queueId: string }
  Body: { data: string; name?: string }
}

let accepted = 0
const app = fastify({ logger: false, onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' })
app.post<MessageRoute>(
  '/v1/queues/:queueId/messages',
  { schema: { params: queueParams, body: messageBody, response: { 200: answer } } },
  (request, reply) => {
    const id = String(++accepted)
    reply.send({ message: { id }, _links: { self: { href: `/v1/queues/${request.params.queueId}/messages/${id}` } } })
    forward(request.body.data)
  },
)
app.get('/health/ready', () => ({ status: 'ok' }))

await app.listen({ port: Number(port), host: '127.0.0.1' })
const address = app.server.address()
if (address === null || typeof address === 'string') throw new Error('the relay listens on no port')
lastsAsLongAsItsParent()
printReady(address.port)

function forward(data: string): void {
  const forwarder = free.pop()
  if (forwarder === undefined) waiting.add(data)
  else forwarder(data)
}

function createForwarder(client: Client): (data: string) => void {
  const done = () => {
    const next = waiting.take()
    if (next === undefined) free.push(send)
    else send(next)
  }
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart() {},
    onResponseData() {},
    onResponseEnd: done,
    onResponseError: (_controller, error) => {
      if (failures++ === 0) process.stderr.write(`relay: a message was not delivered: ${error.message}\n`)
      done()
    },
  }
  const send = (data: string) => {
    client.dispatch({ path: url.pathname, method: 'POST', headers, body: data }, handler)
  }
  return send
}
