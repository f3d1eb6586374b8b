import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import type { ListenerAddress } from '../../../app/listeners.ts'
import {
  listDelivered,
  listMissed,
  listPending,
  type WaitingDelivery,
} from '../../../app/search/listener-deliveries.ts'
import { WAIT_REASON_RULES, WAIT_REASONS } from '../../../core/search/wait-reason.ts'
import type { ListenerDelivery, MissedDelivery, PendingPosition } from '../../../store/listing/listener-deliveries.ts'
import { type Api, requires } from '../../contract.ts'
import { decodeCursor, encodeCursor } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { listedLinks } from '../../present/onward-links.ts'
import { answers, DEFAULT_PAGE_SIZE, Id, Links, NullableTime, OnwardQuery, refTo, Time } from '../../present/schemas.ts'
import { AttemptProperties, shownAttempt } from '../messages/attempts.ts'

const STATUSES = ['pending', 'missed', 'delivered'] as const

const DeliveryForm = Type.Object(
  {
    message: refTo('Message'),
    key: Type.Optional(Type.String({ examples: ['customer-17'] })),
    status: Type.Enum([...STATUSES], { title: 'ListedDeliveryStatus' }),
    accepted_at: Time,
    attempts: Type.Integer({ examples: [2] }),
    next_attempt_at: NullableTime,
    missed_at: Type.Optional(Time),
    reason: Type.Optional(Type.String({ description: 'why it was given up', examples: ['retries_used_up'] })),
    waits_for: Type.Optional(
      Type.Enum([...WAIT_REASONS], { title: 'WaitReason', description: WAIT_REASON_RULES, examples: ['retry'] }),
    ),
    behind: Type.Optional(
      Type.Object(
        { message_id: Id, missed: Type.Boolean({ description: 'it was missed, and blocks those behind it' }) },
        { title: 'OrderHead', description: 'the message that comes before it in the order' },
      ),
    ),
    last_attempt: Type.Optional(Type.Object(AttemptProperties, { title: 'LastAttempt' })),
  },
  { title: 'ListenerDelivery' },
)

const DeliveriesQuery = Type.Object({
  ...OnwardQuery.properties,
  status: Type.Optional(Type.Enum([...STATUSES], { description: 'pending unless told' })),
})

const schema = {
  operationId: 'listListenerDeliveries',
  summary: 'Get what waits for a listener and for what, what it missed, or what it was delivered',
  description: [
    'Those that are pending come by the time at which they are due, and behind them those that wait in an order; those that',
    'were missed or delivered come by their messages, newest first. For delivered ones an answer looks at ten thousand',
    'messages at most: it may be short, or empty, and still have a `_links.next` to go on with.',
  ].join('\n'),
  params: Type.Object({ queueId: Id, listenerId: Id }),
  querystring: DeliveriesQuery,
  response: answers(
    Type.Object({ deliveries: Type.Array(DeliveryForm), _links: Links }, { title: 'ListenerDeliveryList' }),
  ),
}

type Query = Static<typeof DeliveriesQuery>
type Form = Static<typeof DeliveryForm>
type Page = { deliveries: Form[]; next: string | null }

const DUE = /^(\d{1,15}) (\d{1,15})$/
/** A key may be any text. */
const HELD = /^held (\d{1,15}) ([A-Za-z0-9_-]*)$/
const SEQUENCE = /^(\d{1,15})$/
const MESSAGE_ID = /^([0-9A-Za-z]{21})$/

export function listenerDeliveryRoutes(api: Api, deps: AppDeps): void {
  const config = requires('messages', 'read', 'queueId')
  api.get('/queues/:queueId/listeners/:listenerId/deliveries', { schema, config }, async (request, reply) => {
    const { queueId, listenerId: id } = request.params
    const address = { organizationId: request.principal.organizationId, queueId, id }
    const read = () => pageOf(deps, address, request.query)
    const { deliveries, next } = await api.answerRoom.read(request, reply, read, 'search')
    const _links = listedLinks(request as FastifyRequest, paths.listenerDeliveries(queueId, id), request.query, next)
    return { deliveries, _links }
  })
}

function pageOf(deps: AppDeps, address: ListenerAddress, query: Query): Promise<Page> {
  const ask = { ...address, limit: query.per_page ?? DEFAULT_PAGE_SIZE, cursor: query.cursor ?? null }
  if (query.status === 'missed') return missedPage(deps, ask)
  return query.status === 'delivered' ? deliveredPage(deps, ask) : pendingPage(deps, ask)
}

type Ask = ListenerAddress & { limit: number; cursor: string | null }

async function pendingPage(deps: AppDeps, { cursor, ...ask }: Ask): Promise<Page> {
  const { entries, more } = await listPending(deps, { ...ask, after: cursor === null ? null : positionOf(cursor) })
  return { deliveries: entries.map(shownPending), next: more ? cursorOf(entries.at(-1)!) : null }
}

async function missedPage(deps: AppDeps, { cursor, ...ask }: Ask): Promise<Page> {
  const before = cursor === null ? null : Number(decodeCursor(cursor, SEQUENCE)[0])
  const { entries, more } = await listMissed(deps, { ...ask, before })
  return { deliveries: entries.map(shownMissed), next: more ? encodeCursor(entries.at(-1)!.message.sequence) : null }
}

async function deliveredPage(deps: AppDeps, { cursor, ...ask }: Ask): Promise<Page> {
  const before = cursor === null ? null : decodeCursor(cursor, MESSAGE_ID)[0]!
  const { entries, next } = await listDelivered(deps, { ...ask, before })
  return {
    deliveries: entries.map((delivery) => ({ ...shown(delivery, 'delivered'), next_attempt_at: null })),
    next: next === null ? null : encodeCursor(next),
  }
}

function cursorOf({ message: { sequence }, dueAt, heldKey }: WaitingDelivery): string {
  if (dueAt !== null) return encodeCursor(dueAt, sequence)
  return encodeCursor('held', sequence, Buffer.from(heldKey ?? '').toString('base64url'))
}

/** Throws `bad_query`. */
function positionOf(cursor: string): PendingPosition {
  if (HELD.test(Buffer.from(cursor, 'base64url').toString('latin1'))) {
    const [sequence, key] = decodeCursor(cursor, HELD) as [string, string]
    return { sequence: Number(sequence), key: Buffer.from(key, 'base64url').toString() }
  }
  const [dueAt, sequence] = decodeCursor(cursor, DUE) as [string, string]
  return { dueAt: Number(dueAt), sequence: Number(sequence) }
}

function shown({ message, lastAttempt }: ListenerDelivery, status: Form['status']) {
  return {
    message: refOf(message),
    ...(message.key !== null && { key: message.key }),
    status,
    accepted_at: message.createdAt,
    attempts: lastAttempt?.number ?? 0,
    ...(lastAttempt !== null && { last_attempt: shownAttempt(lastAttempt) }),
  }
}

function shownPending(delivery: WaitingDelivery): Form {
  const { behind, dueAt, waitsFor, attempts } = delivery
  const form = shown(delivery, 'pending')
  return {
    ...form,
    attempts: Math.max(attempts, form.attempts),
    next_attempt_at: dueAt,
    waits_for: waitsFor,
    ...(behind !== null && { behind: { message_id: behind.messageId, missed: behind.isMissed } }),
  }
}

function shownMissed(delivery: MissedDelivery): Form {
  const { missedAt, reason } = delivery
  return { ...shown(delivery, 'missed'), next_attempt_at: null, missed_at: missedAt, reason }
}
