// The stateless relay: what HTTP in and HTTP out cost on this machine, with nothing between. It answers at once, keeps
// what it has yet to forward in memory, signs nothing, checks no key and stores nothing. No server that promises more
// can be faster, so it is the ceiling that servers are measured against.
//   node bench/load/relay.ts [target URL…]     (on any free port, printed; without a target it forwards nothing)
import { fastify } from 'fastify'
import { lastsAsLongAsItsParent, printReady } from './child.ts'
import { createForwarders } from './forwarders.ts'
import { batchRoute, messageRoute } from './message-route.ts'

const forwarders = process.argv.slice(2).map((target) => createForwarders(target))
let failures = 0
let accepted = 0

const app = fastify({ logger: false, onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' })
app.post<{ Params: { queueId: string }; Body: { data: string } }>(
  '/v1/queues/:queueId/messages',
  { schema: messageRoute },
  (request, reply) => {
    const id = String(++accepted)
    reply.send({ message: { id }, _links: { self: { href: `/v1/queues/${request.params.queueId}/messages/${id}` } } })
    forward(request.body.data)
  },
)
app.post<{ Body: { messages: { data: string }[] } }>(
  '/v1/queues/:queueId/messages/batch',
  { schema: batchRoute },
  (request, reply) => {
    const { messages } = request.body
    reply.send({ messages: messages.map(() => ({ id: String(++accepted) })) })
    for (const { data } of messages) forward(data)
  },
)
app.get('/accepted', () => ({ accepted }))

await app.listen({ port: 0, host: '127.0.0.1' })
const address = app.server.address()
if (address === null || typeof address === 'string') throw new Error('the relay listens on no port')
lastsAsLongAsItsParent()
printReady(address.port)

function forward(data: string): void {
  for (const send of forwarders) send(data, done)
}

function done(error: Error | null): void {
  if (error !== null && failures++ === 0) {
    process.stderr.write(`relay: a message was not delivered: ${error.message}\n`)
  }
}
