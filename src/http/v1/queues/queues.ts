import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { createQueue, deleteQueue, listQueues, type QueueAddress, readQueue, updateQueue } from '../../../app/queues.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import type { QueueDetails } from '../../../store/queues.ts'
import { inPieces } from '../../body/long-listing.ts'
import { type Api, CREATE_METHODS, requires } from '../../contract.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { pageOf, presentListing } from '../../present/listing.ts'
import { collection, Deleted, Id, ListingQuery, Query, single } from '../../present/schemas.ts'
import { listedQueues, NewQueue, presentQueue, Queue, QueueChange } from './queue-form.ts'

const OneQueue = Type.Object({ queueId: Id })

const schemas = {
  list: {
    operationId: 'listQueues',
    summary: 'Get all queues',
    querystring: ListingQuery,
    response: collection('queues', Queue),
  },
  create: {
    operationId: 'createQueue',
    summary: 'Create a queue',
    querystring: Query,
    body: NewQueue,
    response: single('queue', Queue),
  },
  read: {
    operationId: 'getQueue',
    summary: 'Get one queue',
    params: OneQueue,
    querystring: Query,
    response: single('queue', Queue),
  },
  update: {
    operationId: 'updateQueue',
    summary: 'Change a queue',
    params: OneQueue,
    querystring: Query,
    body: QueueChange,
    response: single('queue', Queue),
  },
  delete: {
    operationId: 'deleteQueue',
    summary: 'Delete a queue with its listeners and messages; a large one is removed in the background',
    params: OneQueue,
    querystring: Query,
    response: Deleted,
  },
}

export function queueRoutes(api: Api, deps: AppDeps): void {
  api.get('/queues', { schema: schemas.list, config: requires('queues', 'read') }, async (request, reply) => {
    const ask = { principal: request.principal, page: pageOf(request.query) }
    const listing = await api.answerRoom.read(request, reply, () => listQueues(deps, ask))
    return inPieces(reply, presentListing(request, request.query, listing, listedQueues))
  })

  api.route({
    method: CREATE_METHODS,
    url: '/queues',
    schema: schemas.create,
    config: { ...requires('queues', 'write'), answersWith: 'queue' },
    handler: async (request, reply) => {
      const ask = { organizationId: request.principal.organizationId, ...request.body }
      const present = (queue: QueueDetails) => presentQueue(request, queue)
      return answerOnce(request, reply, (answerFor) => createQueue(deps, ask, answerFor), present)
    },
  })

  api.get(
    '/queues/:queueId',
    { schema: schemas.read, config: requires('queues', 'read', 'queueId') },
    async (request, reply) => {
      const queue = await readQueue(deps, addressOf(request))
      return tagged(request, reply, queue.version, presentQueue(request, queue))
    },
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: '/queues/:queueId',
    schema: schemas.update,
    config: requires('queues', 'write', 'queueId'),
    preValidation: async (request) => void (await readQueue(deps, addressOf(request))),
    handler: async (request, reply) => {
      const { name, schema, paused } = request.body
      const ask = { ...addressOf(request), changes: { name, schema, paused }, ifMatch: request.ifMatch }
      const queue = await updateQueue(deps, ask)
      return tagged(request, reply, queue.version, presentQueue(request, queue))
    },
  })

  api.delete(
    '/queues/:queueId',
    {
      schema: schemas.delete,
      config: requires('queues', 'write', 'queueId'),
      preValidation: async (request) => {
        if (request.principal.frozen) await readQueue(deps, addressOf(request))
      },
    },
    async (request) => {
      await deleteQueue(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: selfLink(request, paths.queue(request.params.queueId)) }
    },
  )
}

function addressOf(request: { principal: Principal; params: Static<typeof OneQueue> }): QueueAddress {
  return { organizationId: request.principal.organizationId, id: request.params.queueId }
}
