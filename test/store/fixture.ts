import assert from 'node:assert/strict'
import type { Attempt } from '../../src/core/delivery/attempt.ts'
import type { LeasedDelivery, Next } from '../../src/core/delivery/delivery.ts'
import { DEFAULT_SETTINGS, type DeliverySettings, type Listener } from '../../src/core/delivery/listener.ts'
import type { Message } from '../../src/core/delivery/message.ts'
import type { Queue } from '../../src/core/delivery/queue.ts'
import { leftOutOf } from '../../src/core/listener-filter/left-out.ts'
import type { Organization } from '../../src/core/tenant/organization.ts'
import type {
  Accept,
  Batch,
  BatchResult,
  MessageAccept,
  NewDelivery,
  Settlement,
  SettleResult,
} from '../../src/store/commit/batch.ts'
import type { Claim } from '../../src/store/deliveries.ts'
import type { MessageDetails } from '../../src/store/messages.ts'
import type { Given } from './suite.ts'

/** A stored organization with a queue and its listeners, which most cases begin with. */
export interface Fixture {
  organization: Organization
  queue: Queue
  listeners: Listener[]
}

export async function storedOrganization({ store, make }: Given): Promise<Organization> {
  const organization = make.organization()
  assert.equal(await store.organizations.create(organization, make.ownerKey(organization)), 'created')
  return organization
}

export async function storedQueue(given: Given, organization: Organization): Promise<Queue> {
  const queue = given.make.queue(organization)
  assert.equal(await given.store.queues.create(queue), 'created')
  return queue
}

export async function storedListener(
  given: Given,
  queue: Queue,
  settings: Partial<DeliverySettings> = {},
): Promise<Listener> {
  const listener = given.make.listener(queue, { settings: { ...DEFAULT_SETTINGS, ...settings } })
  assert.equal(await given.store.listeners.create(listener), 'created')
  return listener
}

export async function storedFixture(given: Given, listenerCount = 1): Promise<Fixture> {
  const organization = await storedOrganization(given)
  const queue = await storedQueue(given, organization)
  const listeners: Listener[] = []
  for (let i = 0; i < listenerCount; i++) listeners.push(await storedListener(given, queue))
  return { organization, queue, listeners }
}

/** How a listener or message is asked for. */
export function idsOf(thing: { organizationId: string; queueId: string; id: string }) {
  return { organizationId: thing.organizationId, queueId: thing.queueId, id: thing.id }
}

export function commit(given: Given, what: Partial<Batch>): Promise<BatchResult> {
  return given.store.commit({ node: 'a', now: given.now, accepts: [], settlements: [], keyUses: [], ...what })
}

/** An accept of one message by the queue's state of now. */
export async function acceptFor(
  given: Given,
  queue: Queue,
  what: Partial<Message> & { leased?: boolean } = {},
): Promise<Accept> {
  const { leased = false, ...properties } = what
  const route = await given.store.queues.route({ organizationId: queue.organizationId, id: queue.id })
  assert.ok(route)
  const deliveries = route.listeners.map(({ id, settings: { ordering } }): NewDelivery => {
    return ordering === 'none' ? { listenerId: id, leased } : { listenerId: id, leased, ordering }
  })
  const message = given.make.message(queue, properties)
  return { queueVersion: route.queue.version, messages: [{ message, deliveries }], answer: null }
}

/** An accept like `accept`, of a message that does not fit the listeners at these places of the queue's. */
export function leavingOut(accept: Accept, isOut: (place: number) => boolean): Accept {
  const [it] = accept.messages as [MessageAccept]
  const leftOut = leftOutOf(it.deliveries.length, isOut)
  if (leftOut === null) return accept
  const deliveries = it.deliveries.filter((_, place) => !isOut(place))
  return { ...accept, messages: [{ ...it, deliveries, leftOut }] }
}

/** An accept like `accept`, of another message. */
export function withMessage(accept: Accept, message: Omit<Message, 'sequence'>): Accept {
  return { ...accept, messages: [{ ...accept.messages[0]!, message }] }
}

/** The message of an accept that has one. */
export function messageOf(accept: Accept): Omit<Message, 'sequence'> {
  return accept.messages[0]!.message
}

/** Stores a message for every listener of the queue. */
export async function accepted(
  given: Given,
  queue: Queue,
  what: Partial<Message> & { leased?: boolean; node?: string } = {},
): Promise<Message & { deliveries: LeasedDelivery[] }> {
  const { node = 'a', ...properties } = what
  const accept = await acceptFor(given, queue, properties)
  const { accepts } = await commit(given, { node, accepts: [accept] })
  return storedMessage(accept, accepts[0])
}

/** The message that was stored, with the deliveries that were leased with it. */
export function storedMessage(accept: Accept, result: BatchResult['accepts'][number] | undefined) {
  assert.ok(result?.outcome === 'accepted')
  const { sequence, leases, places } = result.messages[0]!
  const message: Message = { ...messageOf(accept), sequence }
  const deliveries = accept.messages[0]!.deliveries.flatMap(({ listenerId }, i): LeasedDelivery[] => {
    const lease = leases[i] ?? null
    if (lease === null) return []
    return [
      {
        listenerId,
        message,
        dueAt: message.deliverAt,
        attempts: 0,
        attemptsBefore: 0,
        firstSentAt: null,
        orderNumber: places?.[i]?.number ?? null,
        lease,
      },
    ]
  })
  return { ...message, deliveries }
}

interface ClaimAsk {
  listenerId: string
  node?: string
  limit?: number
  maxBytes?: number
  now?: number
}

export function claim(given: Given, ask: ClaimAsk): Promise<Claim> {
  return given.store.deliveries.claimDue({ node: 'a', limit: 1_000, maxBytes: 1e9, now: given.now, ...ask })
}

/** Claims the one delivery that must be there. */
export async function claimedOne(given: Given, ask: ClaimAsk): Promise<LeasedDelivery> {
  const { deliveries } = await claim(given, ask)
  assert.equal(deliveries.length, 1)
  return deliveries[0]!
}

/** An attempt right after those before it that ended as `next` needs: 200 where that is acknowledged, else 500. */
export function settlementOf(
  given: Given,
  delivery: LeasedDelivery,
  next: Next,
  what: Partial<Attempt> = {},
): Settlement {
  const { listenerId, dueAt, lease, firstSentAt, message, attempts, attemptsBefore } = delivery
  const status = next.state === 'acknowledged' ? 200 : 500
  const attempt = { number: attempts + 1, startedAt: given.now, durationMs: 0, status, error: null, response: '' }
  const settled = { listenerId, dueAt, lease, firstSentAt, attemptsBefore, sequence: message.sequence }
  return { delivery: settled, attempt: { ...attempt, ...what }, next }
}

export const ACKNOWLEDGED: Next = { state: 'acknowledged' }
export const MISSED: Next = { state: 'missed', reason: 'retries_used_up' }

export async function settled(
  given: Given,
  delivery: LeasedDelivery,
  next: Next,
  what: Partial<Attempt> & { node?: string } = {},
): Promise<SettleResult> {
  const { node = 'a', ...attempt } = what
  const settlement = settlementOf(given, delivery, next, attempt)
  const { settlements } = await commit(given, { node, settlements: [settlement] })
  assert.equal(settlements.length, 1)
  return settlements[0]!
}

/** The message as it is stored, with how each listener stands with it. */
export async function stored(
  given: Given,
  message: { organizationId: string; queueId: string; id: string },
): Promise<MessageDetails> {
  const found = await given.store.messages.get(idsOf(message))
  assert.ok(found)
  const { revision: _, leftOut: __, ...details } = found
  return details
}

/** What a store answers with, without its revision. */
export function bare<Answer>(answer: Answer): Answer {
  if (typeof answer !== 'object' || answer === null) return answer
  const { revision: _, ...rest } = answer as Answer & { revision?: number }
  return rest as Answer
}

export async function pendingCount(given: Given, queue: Queue): Promise<number> {
  const found = await given.store.queues.get({ organizationId: queue.organizationId, id: queue.id })
  assert.ok(found)
  return found.pendingCount
}
