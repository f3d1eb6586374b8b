import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { beginRedelivery, readRedelivery, redeliverMessage } from '../../../app/jobs/redeliveries.ts'
import { readListener } from '../../../app/listeners.ts'
import { readMessage } from '../../../app/messages.ts'
import type { DeliveryStatus } from '../../../core/delivery/delivery-summary.ts'
import { MAX_TIME } from '../../../core/schedule/schedule.ts'
import type { Redelivery } from '../../../store/jobs/redeliveries.ts'
import { type Api, requires } from '../../contract.ts'
import { EXAMPLE_ID } from '../../openapi/examples.ts'
import { answerOnce } from '../../pipeline/idempotency.ts'
import { tagged } from '../../present/etag.ts'
import { paths, selfLink } from '../../present/links.ts'
import { Id, Query, SelfLink, single, strict, Time } from '../../present/schemas.ts'
import { fullMessage, Message } from '../messages/message-form.ts'

const OneMessage = Type.Object({ queueId: Id, messageId: Id })
const OneListener = Type.Object({ queueId: Id, listenerId: Id })
const OneRedelivery = Type.Object({ queueId: Id, listenerId: Id, redeliveryId: Id })

const MAX_LISTENERS = 1_000

const Now = Type.Optional(
  Type.Boolean({
    description:
      'whether what is scheduled, or waits for its next attempt, becomes due at once; else it keeps its time',
  }),
)

const ToListeners = strict({
  listener_ids: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      maxItems: MAX_LISTENERS,
      description: `must be an array of 1 to ${MAX_LISTENERS} ids; all listeners that it was accepted for where left out`,
      examples: [[EXAMPLE_ID]],
    }),
  ),
  now: Now,
})

/** How deliveries can stand that are to be made again, or however they do. */
export const REDELIVERED = ['pending', 'delivered', 'missed', 'all'] as const

/** In the words of the use cases, which know no `all`. */
export function statusAsked(status: (typeof REDELIVERED)[number] = 'missed'): DeliveryStatus | null {
  return status === 'all' ? null : status
}

/** No more than any store can hold and give back as a number. */
const GIVEN_TIME = { ...Time, minimum: 0, maximum: MAX_TIME }

const ManyMessages = strict({
  since: Type.Optional({ ...GIVEN_TIME, description: 'accepted then or later; however old where left out' }),
  until: Type.Optional({ ...GIVEN_TIME, description: 'accepted before then; up to now where left out' }),
  status: Type.Optional(
    Type.Enum([...REDELIVERED], {
      description: 'only deliveries that stand like this when their turn comes; missed unless told',
      examples: ['missed'],
    }),
  ),
  now: Now,
})

const Form = Type.Object(
  {
    id: Id,
    matched: Type.Integer({ description: 'deliveries that were begun anew so far', examples: [120] }),
    done: Type.Boolean({ description: 'whether all were looked at', examples: [true] }),
    since: Type.Optional(Time),
    until: Type.Optional(Time),
    status: Type.String({ description: 'pending, delivered, missed or all', examples: ['missed'] }),
    now: Type.Boolean({ description: 'whether what was not due yet becomes due at once', examples: [false] }),
    created_at: Time,
  },
  { title: 'Redelivery' },
)

const schemas = {
  message: {
    operationId: 'redeliverMessage',
    summary: 'Deliver a message again; the retry policy starts anew',
    params: OneMessage,
    querystring: Query,
    body: ToListeners,
    response: single('message', Message, SelfLink),
  },
  many: {
    operationId: 'createRedelivery',
    summary: 'Deliver many messages to a listener again, in the background',
    params: OneListener,
    querystring: Query,
    body: ManyMessages,
    response: single('redelivery', Form, SelfLink),
  },
  read: {
    operationId: 'getRedelivery',
    summary: 'See how far a redelivery is',
    params: OneRedelivery,
    querystring: Query,
    response: single('redelivery', Form, SelfLink),
  },
}

/** The revision of every redelivery: clients cannot change what it is, only see how far it has come. */
const NEVER_CHANGED = 1

export function redeliveryRoutes(api: Api, deps: AppDeps): void {
  api.route({
    method: 'POST',
    url: '/queues/:queueId/messages/:messageId/redeliver',
    schema: schemas.message,
    config: { ...requires('messages', 'write', 'messageId', 'queueId'), answersWith: 'message' },
    preValidation: async (request) => {
      const { queueId, messageId: id } = request.params
      await readMessage(deps, { organizationId: request.principal.organizationId, queueId, id })
    },
    handler: async (request) => {
      const { queueId, messageId: id } = request.params
      const { listener_ids: listenerIds = null, now: immediately = false } = request.body
      const ask = { organizationId: request.principal.organizationId, queueId, id, listenerIds, immediately }
      const details = await redeliverMessage(deps, ask)
      const _links = selfLink(request, paths.message(queueId, id))
      return { message: fullMessage(details, deps.runtime.now()), _links }
    },
  })

  api.route({
    method: 'POST',
    url: '/queues/:queueId/listeners/:listenerId/redeliver',
    schema: schemas.many,
    config: { ...requires('listeners', 'write', 'listenerId', 'queueId'), answersWith: 'redelivery' },
    preValidation: async (request) => {
      const { queueId, listenerId: id } = request.params
      await readListener(deps, { organizationId: request.principal.organizationId, queueId, id })
    },
    handler: async (request, reply) => {
      const { queueId, listenerId: id } = request.params
      const { since = null, until = null, now: immediately = false } = request.body
      const which = { since, until, status: statusAsked(request.body.status), immediately }
      const ask = { organizationId: request.principal.organizationId, queueId, id, ...which }
      const present = (begun: Redelivery) => presented(request, begun)
      return answerOnce(request, reply, (answerFor) => beginRedelivery(deps, ask, answerFor), present)
    },
  })

  api.get(
    '/queues/:queueId/listeners/:listenerId/redeliveries/:redeliveryId',
    { schema: schemas.read, config: requires('listeners', 'read', 'listenerId', 'queueId') },
    async (request, reply) => {
      const { queueId, listenerId: id, redeliveryId } = request.params
      const { organizationId } = request.principal
      const redelivery = await readRedelivery(deps, { organizationId, queueId, id, redeliveryId })
      return tagged(request, reply, NEVER_CHANGED, presented(request, redelivery))
    },
  )
}

function presented(request: FastifyRequest, it: Redelivery) {
  const { id, queueId, listenerId, matched, done, since, until, status, immediately, createdAt } = it
  const redelivery: Static<typeof Form> = {
    ...{ id, matched, done },
    ...(since !== null && { since }),
    ...(until !== null && { until }),
    status: status ?? 'all',
    now: immediately,
    created_at: createdAt,
  }
  return { redelivery, _links: selfLink(request, paths.redelivery(queueId, listenerId, id)) }
}
