import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../app/deps.ts'
import { createQueue, deleteQueue, listQueues, type QueueAddress, readQueue, updateQueue } from '../../app/queues.ts'
import type { Principal } from '../../core/api-key.ts'
import { type Api, demand } from '../contract.ts'
import { paths, selfLink } from '../links.ts'
import { pageOf, presentListing } from '../listing.ts'
import { collection, Deleted, Id, ListingQuery, Query, single } from '../schemas.ts'
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
  api.get('/queues', { schema: schemas.list, config: demand('queues', 'read') }, async (request) => {
    const listing = await listQueues(deps, { principal: request.principal, page: pageOf(request.query) })
    return presentListing(request, request.query, listing, listedQueues)
  })

  api.post('/queues', { schema: schemas.create, config: demand('queues', 'write') }, async (request) => {
    const { organizationId } = request.principal
    return presentQueue(request, await createQueue(deps, { organizationId, ...request.body }))
  })

  api.get('/queues/:queueId', { schema: schemas.read, config: demand('queues', 'read', 'queueId') }, async (request) =>
    presentQueue(request, await readQueue(deps, addressOf(request))),
  )

  api.route({
    method: ['PUT', 'PATCH'],
    url: '/queues/:queueId',
    schema: schemas.update,
    config: demand('queues', 'write', 'queueId'),
    preValidation: async (request) => void (await readQueue(deps, addressOf(request))),
    handler: async (request) => {
      const { name, schema, paused } = request.body
      const changes = { name, schema, paused }
      return presentQueue(request, await updateQueue(deps, { ...addressOf(request), changes }))
    },
  })

  api.delete(
    '/queues/:queueId',
    {
      schema: schemas.delete,
      config: demand('queues', 'write', 'queueId'),
      preValidation: async (request) => {
        if (request.principal.frozen) await readQueue(deps, addressOf(request))
      },
    },
    async (request) => {
      await deleteQueue(deps, addressOf(request))
      return { _links: selfLink(request, paths.queue(request.params.queueId)) }
    },
  )
}

function addressOf(request: { principal: Principal; params: Static<typeof OneQueue> }): QueueAddress {
  return { organizationId: request.principal.organizationId, id: request.params.queueId }
}
