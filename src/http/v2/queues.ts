import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../app/deps.ts'
import { createQueue, deleteQueue, type QueueAddress, readQueue, updateQueue } from '../../app/queues.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import type { QueueDetails } from '../../store/queues.ts'
import { type Api, requires } from '../contract.ts'
import { answerOnce } from '../pipeline/idempotency.ts'
import { tagged } from '../present/etag.ts'
import { paths, selfLink } from '../present/links.ts'
import { Deleted, Id, Query, SelfLink, single, strict } from '../present/schemas.ts'
import * as v1 from '../v1/queues/queue-form.ts'
import { Alias, aliased, aliasRefTo, expectAlias, named, nameless, SentAlias, TAGS } from './dialect.ts'

const { listeners: _, ...shown } = nameless(v1.Queue)
const Queue = Type.Object(
  { alias: Type.String(), ...shown, listeners: Type.Array(aliasRefTo('Listener')) },
  { title: 'QueueV2' },
)
const NewQueue = strict({ alias: Alias, ...nameless(v1.NewQueue) })
const QueueChange = strict({ alias: Type.Optional(SentAlias), ...nameless(v1.QueueChange) })

const common = { tags: TAGS, querystring: Query }
const one = { ...common, params: Type.Object({ queueId: Id }) }
const response = single('queue', Queue, SelfLink)
const schemas = {
  create: { operationId: 'createQueueV2', summary: 'Create a queue', ...common, body: NewQueue, response },
  read: { operationId: 'getQueueV2', summary: 'Get one queue', ...one, response },
  update: { operationId: 'updateQueueV2', summary: 'Change a queue', ...one, body: QueueChange, response },
  delete: {
    operationId: 'deleteQueueV2',
    summary: 'Delete a queue with its listeners and messages; a large one is removed in the background',
    ...one,
    response: Deleted,
  },
}

const ONE = '/queues/:queueId'

export function queueRoutes(api: Api, deps: AppDeps): void {
  const write = requires('queues', 'write', 'queueId')

  api.post(
    '/queues',
    { schema: schemas.create, config: { ...requires('queues', 'write'), answersWith: 'queue' } },
    async (request, reply) => {
      const ask = { organizationId: request.principal.organizationId, ...named(request.body) }
      const present = (queue: QueueDetails) => presented(request, queue)
      return answerOnce(request, reply, (answerFor) => createQueue(deps, ask, answerFor), present)
    },
  )

  api.get(ONE, { schema: schemas.read, config: requires('queues', 'read', 'queueId') }, async (request, reply) =>
    present(request, reply, await readQueue(deps, addressOf(request))),
  )

  api.put(
    ONE,
    {
      schema: schemas.update,
      config: write,
      preValidation: async (request) => void (await readQueue(deps, addressOf(request))),
    },
    async (request, reply) => {
      const { name, schema, paused } = named(request.body)
      expectAlias(name, (await readQueue(deps, addressOf(request))).name)
      const ask = { ...addressOf(request), changes: { name, schema, paused }, ifMatch: request.ifMatch }
      return present(request, reply, await updateQueue(deps, ask))
    },
  )

  api.delete(
    ONE,
    {
      schema: schemas.delete,
      config: write,
      preValidation: async (request) => void (await readQueue(deps, addressOf(request))),
    },
    async (request) => {
      await deleteQueue(deps, { ...addressOf(request), ifMatch: request.ifMatch })
      return { _links: selfLink(request, paths.queue(request.params.queueId)) }
    },
  )
}

function present(request: FastifyRequest, reply: FastifyReply, queue: QueueDetails) {
  return tagged(request, reply, queue.version, presented(request, queue))
}

function presented(request: { base: string }, queue: QueueDetails) {
  const { listeners, ...rest } = aliased(v1.fullQueue(queue))
  return { queue: { ...rest, listeners: listeners.map(aliased) }, _links: selfLink(request, paths.queue(queue.id)) }
}

function addressOf(request: { principal: Principal; params: Static<typeof one.params> }): QueueAddress {
  return { organizationId: request.principal.organizationId, id: request.params.queueId }
}
