// What every peer is measured behind: the relay's route, which adds a job for each target and answers when the queue has
// it, and a worker that posts with the relay's own forwarders.
import { fastify } from 'fastify'
import { lastsAsLongAsItsParent, printReady } from '../load/child.ts'
import { createForwarders } from '../load/forwarders.ts'
import { batchRoute, messageRoute } from '../load/message-route.ts'

/**
 * Serves on any free port, which it prints. `queue.add(jobs)` resolves when the jobs are stored, `queue.work(run)` starts
 * to carry them out and calls `run(job)` for each, which throws where the target did not take it, and `queue.pending()`
 * counts those that are not done with.
 */
export async function serve(queue) {
  let forwarders = []
  let accepted = 0
  const jobsOf = (data) => forwarders.map((_, target) => ({ data, target }))
  const run = ({ data, target }) =>
    new Promise((resolve, reject) => {
      forwarders[target](data, (error) => (error === null ? resolve() : reject(error)))
    })

  const app = fastify({ logger: false, bodyLimit: 16 * 1024 * 1024 })
  app.post('/v1/queues/:queueId/messages', { schema: messageRoute }, async (request) => {
    await queue.add(jobsOf(request.body.data))
    const id = String(++accepted)
    return { message: { id }, _links: { self: { href: `/v1/queues/${request.params.queueId}/messages/${id}` } } }
  })
  app.post('/v1/queues/:queueId/messages/batch', { schema: batchRoute }, async (request) => {
    await queue.add(request.body.messages.flatMap(({ data }) => jobsOf(data)))
    return { messages: request.body.messages.map(() => ({ id: String(++accepted) })) }
  })
  app.post('/targets', async (request) => {
    forwarders = request.body.targets.map((target) => createForwarders(target))
    return {}
  })
  app.post('/work', async () => {
    await queue.work(run)
    return {}
  })
  app.get('/pending', async () => ({ pending: await queue.pending() }))

  await app.listen({ port: 0, host: '127.0.0.1' })
  lastsAsLongAsItsParent()
  printReady(app.server.address().port)
}
