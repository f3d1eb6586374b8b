import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import type { ListenerAddress } from '../../../app/listeners.ts'
import {
  extendLeases,
  findListener,
  type PulledMessage,
  pullMessages,
  settleLeases,
  withData,
} from '../../../app/pulls.ts'
import {
  DEFAULT_LEASE_MS,
  type LeaseEnd,
  MAX_LEASE_MS,
  MAX_PULLED,
  MAX_RECEIPTS,
  MAX_WAIT_MS,
  MIN_LEASE_MS,
} from '../../../core/delivery/pull.ts'
import { MAX_RETRY_DELAY_MS } from '../../../core/delivery/retry-policy.ts'
import { headersOf } from '../../../core/message/headers.ts'
import type { Principal } from '../../../core/tenant/api-key.ts'
import { pulledInPieces } from '../../body/long-listing.ts'
import { whenClientEnds } from '../../connection/half-open.ts'
import { type Api, requires, type SecretFields } from '../../contract.ts'
import { EXAMPLE_ID, EXAMPLE_RECEIPT } from '../../openapi/examples.ts'
import { paths, selfLink } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { answers, Id, Query, SelfLink, ShownName, strict } from '../../present/schemas.ts'
import { presentBody, ShownBody } from '../messages/message-form.ts'

const OneListener = Type.Object({ queueId: Id, listenerId: Id })
const Receipt = Type.String({ format: 'receipt', description: 'as a pull handed it out' })
const Receipts = Type.Array(Receipt, { minItems: 1, maxItems: MAX_RECEIPTS })

const leaseBounds = { minimum: MIN_LEASE_MS, maximum: MAX_LEASE_MS, examples: [DEFAULT_LEASE_MS] }

const Pull = strict({
  max: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_PULLED, description: 'messages at most; 1 unless told', examples: [10] }),
  ),
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_WAIT_MS,
      description: 'milliseconds to wait where there is no message; 0 unless told',
      examples: [20_000],
    }),
  ),
  lease: Type.Optional(
    Type.Integer({
      ...leaseBounds,
      description: `milliseconds until they are available again; ${DEFAULT_LEASE_MS} unless told`,
    }),
  ),
})
const MessageHeaders = Type.Unsafe<Record<string, string>>(
  Type.Object({}, { additionalProperties: Type.String(), description: 'those of the message' }),
)
const Pulled = Type.Object(
  {
    id: Id,
    name: ShownName,
    ...ShownBody,
    headers: Type.Optional(MessageHeaders),
    receipt: Type.String({ description: 'for ack, nack and extend; worth something until the lease ends' }),
    attempt: Type.Integer({ description: 'which one this is, from 1' }),
    sequence: Type.Optional(Type.Integer({ description: 'counts the messages of a listener that has an order' })),
  },
  {
    title: 'PulledMessage',
    examples: [{ id: EXAMPLE_ID, name: EXAMPLE_ID, data: '{"order":1}', receipt: EXAMPLE_RECEIPT, attempt: 1 }],
  },
)
const lost = Type.Array(Type.String(), { description: 'receipts of leases that were over', examples: [[]] })

const common = { params: OneListener, querystring: Query }
const schemas = {
  pull: {
    operationId: 'pullMessages',
    summary: 'Take messages of a listener that pulls, for a while; waits for them where told',
    ...common,
    body: Pull,
    response: answers(Type.Object({ messages: Type.Array(Pulled), _links: SelfLink })),
  },
  ack: {
    operationId: 'acknowledgeMessages',
    summary: 'Say that pulled messages are done with',
    ...common,
    body: strict({ receipts: Receipts }),
    response: answers(Type.Object({ acknowledged: Type.Integer({ examples: [1] }), lost, _links: SelfLink })),
  },
  nack: {
    operationId: 'returnMessages',
    summary: 'Give pulled messages back, to be had again after a while',
    ...common,
    body: strict({
      receipts: Receipts,
      delay: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: MAX_RETRY_DELAY_MS,
          description: 'milliseconds; unless told, what the retry policy says',
          examples: [5_000],
        }),
      ),
    }),
    response: answers(Type.Object({ returned: Type.Integer({ examples: [1] }), lost, _links: SelfLink })),
  },
  extend: {
    operationId: 'extendLeases',
    summary: 'Keep pulled messages for longer: their leases begin anew, and their receipts stay good',
    ...common,
    body: strict({
      receipts: Receipts,
      lease: Type.Integer({
        ...leaseBounds,
        description: 'milliseconds from now until they are available again; may be less than what was left',
      }),
    }),
    response: answers(Type.Object({ extended: Type.Integer({ examples: [1] }), lost, _links: SelfLink })),
  },
}

const ONE = '/queues/:queueId/listeners/:listenerId'

export function pullRoutes(api: Api, deps: AppDeps): void {
  // Part of delivering: it goes on while the organization is frozen.
  const config = { ...requires('listeners', 'write', 'listenerId', 'queueId'), whileFrozen: true }
  const preValidation = async (request: FastifyRequest) => void (await findListener(deps, addressOf(request as Asked)))

  api.route({
    method: 'POST',
    url: `${ONE}/pull`,
    schema: schemas.pull,
    config: { ...config, kept: keptPull(deps) },
    preValidation,
    handler: async (request, reply) => {
      const { max = 1, wait: waitMs = 0, lease: leaseMs = DEFAULT_LEASE_MS } = request.body
      const room = api.answerRoom.holdFor(request, reply)
      const ask = { ...addressOf(request), max, waitMs, leaseMs, client: clientOf(reply, waitMs > 0), room }
      const messages = (await pullMessages(deps, ask)).map(presentMessage)
      return pulledInPieces(reply, { messages, _links: linkOf(request) })
    },
  })

  const settle = (request: Asked & { body: { receipts: string[] } }, end: LeaseEnd) =>
    settleLeases(deps, { ...addressOf(request), receipts: request.body.receipts, end })

  api.route({
    method: 'POST',
    url: `${ONE}/ack`,
    schema: schemas.ack,
    config,
    preValidation,
    handler: async (request) => {
      const { settled, lost } = await settle(request, { how: 'acknowledged' })
      return { acknowledged: settled, lost, _links: linkOf(request) }
    },
  })

  api.route({
    method: 'POST',
    url: `${ONE}/nack`,
    schema: schemas.nack,
    config,
    preValidation,
    handler: async (request) => {
      const { settled, lost } = await settle(request, { how: 'returned', delayMs: request.body.delay ?? null })
      return { returned: settled, lost, _links: linkOf(request) }
    },
  })

  api.route({
    method: 'POST',
    url: `${ONE}/extend`,
    schema: schemas.extend,
    config,
    preValidation,
    handler: async (request) => {
      const { receipts, lease: leaseMs } = request.body
      const { extended, lost } = await extendLeases(deps, { ...addressOf(request), receipts, leaseMs })
      return { extended, lost, _links: linkOf(request) }
    },
  })
}

interface Asked {
  principal: Principal
  params: Static<typeof OneListener>
  base: string
}

function addressOf({ principal, params }: Asked): ListenerAddress {
  return { organizationId: principal.organizationId, queueId: params.queueId, id: params.listenerId }
}

function linkOf(request: Asked) {
  return selfLink(request, paths.listener(request.params.queueId, request.params.listenerId))
}

/**
 * Aborted when the client hangs up before it was answered; the signal is let go of afterwards. Where it `waits`, also
 * when it has ended its half of the connection: it may be gone, and what it were given would be lost to other clients.
 */
function clientOf(reply: FastifyReply, waits: boolean): AbortSignal {
  const controller = new AbortController()
  const abort = () => controller.abort()
  if (waits) whenClientEnds(reply, abort)
  else reply.raw.once('close', abort)
  return controller.signal
}

function presentMessage({ id, name, receipt, attempt, orderNumber, ...stored }: PulledMessage): Static<typeof Pulled> {
  return {
    ...refOf({ id, name }),
    ...presentStored(stored),
    receipt,
    attempt,
    ...(orderNumber !== null && { sequence: orderNumber }),
  }
}

function presentStored({ headers, ...body }: Pick<PulledMessage, 'data' | 'mediaType' | 'headers'>) {
  return { ...presentBody(body), ...(headers !== null && { headers: headersOf(headers) }) }
}

function withoutStored(message: Static<typeof Pulled>) {
  const { data: _d, data_base64: _b, content_type: _c, headers: _h, ...rest } = message
  return rest
}

type PulledAnswer = { messages: Static<typeof Pulled>[] }

/** Messages are stored once: an answer that may be repeated is kept without their data and headers, read again for it. */
function keptPull(deps: AppDeps): SecretFields {
  return {
    strip: (body) => {
      const { messages, ...rest } = body as PulledAnswer
      return { messages: messages.map(withoutStored), ...rest }
    },
    restore: async (request, reply, body) => {
      const { messages: entries, ...rest } = body as PulledAnswer
      const { organizationId, queueId } = addressOf(request as Asked)
      const read = async () => {
        const found = await withData(deps, { organizationId, queueId, entries })
        return found.map(({ data, mediaType, headers, ...message }) => ({
          ...message,
          ...presentStored({ data, mediaType, headers }),
        }))
      }
      return { messages: await request.server.answerRoom.read(request, reply, read, 'listing'), ...rest }
    },
  }
}
