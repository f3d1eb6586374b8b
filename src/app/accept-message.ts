import { expectFewDeliveries } from '../core/delivery/delivery.ts'
import { type DueAsk, dueTimeFault, dueTimeOf } from '../core/delivery/due-time.ts'
import type { FixedHeaders } from '../core/delivery/fixed-headers.ts'
import type { Message } from '../core/delivery/message.ts'
import { usedByMessage } from '../core/feature.ts'
import { MAX_LOOKED_THROUGH_OF_BATCH } from '../core/listener-filter/filter-budget.ts'
import { type LeftOut, leftOutCount } from '../core/listener-filter/left-out.ts'
import { type BodyAsk, bodyFaults, mediaTypeOf } from '../core/message/body.ts'
import { type ExpiryAsk, expiryFault, expiryOf } from '../core/message/expiry.ts'
import { messageHeaderFaults, writtenHeaders } from '../core/message/headers.ts'
import { type Fault, Problem } from '../core/problem.ts'
import { MAX_FAULTS } from '../core/schema/fault-list.ts'
import { PatternBudget } from '../core/schema/schema-inspection.ts'
import type { FilteredRoute } from './caches/queue-directory.ts'
import { TimeSlices } from './caches/time-slices.ts'
import type { AppDeps } from './deps.ts'
import type { AnswerFor } from './idempotency.ts'
import { expectIds } from './ids.ts'
import { FilterJudge } from './left-out.ts'
import { featureFaults } from './limits/features.ts'
import { missingForPost } from './queues.ts'

type Deps = Pick<AppDeps, 'acceptor' | 'directory' | 'runtime' | 'schemaChecks' | 'store'>

/** Characters of data that are checked by a queue's schema, and of filters that judge it, in one go. */
const CHECKED_AT_ONCE = 256 * 1024
/** A queue that changes this often while one message waits is being changed in a loop. */
const MAX_TRIES = 8

export interface NewMessage extends DueAsk, ExpiryAsk, BodyAsk {
  name: string | null
  key: string | null
  headers?: FixedHeaders | undefined
  /** As the message keeps them (`core/message/headers.ts`), in place of `headers`: what the server has made or checked. */
  writtenHeaders?: string
  /** The media type as a message keeps it, of `data` in the form in which it is kept: what the server stored before. */
  storedType?: string | null
}

interface QueueRef {
  organizationId: string
  queueId: string
}

export type AcceptedMessage = Omit<Message, 'sequence'>

/**
 * Stores a message with a delivery for each listener of its queue that it fits; resolves when it is on disk.
 * Throws the problems `queue_not_found`, `queue_deleting`, `invalid` for a due time that cannot be and for data that
 * does not fit the queue's schema or is more than filters may look through, `too_many_deliveries`, `quota_reached`, `key_running`, `overloaded`, `stopping` and
 * `store_unavailable`, and then nothing was stored.
 */
export async function acceptMessage(
  deps: Deps,
  ask: QueueRef & NewMessage,
  answerFor?: AnswerFor<AcceptedMessage>,
): Promise<AcceptedMessage> {
  const message = madeNow(deps, ask)
  await store(deps, ask, { messages: [message], pathOf: pathOfOne }, () => answerFor?.(message))
  return message
}

/**
 * Accepts a message whose queue `route` was found in memory. Calls back once it is on disk, or with what came in between:
 * each promise of a chain is as much garbage as a small message. Throws, rather than calling back, where nothing was tried
 * to be stored.
 */
export function acceptMessageTo(
  deps: Deps,
  route: FilteredRoute,
  ask: QueueRef & NewMessage,
  { accepted, failed }: { accepted: (message: AcceptedMessage) => void; failed: (error: unknown) => void },
): void {
  const message = madeNow(deps, ask)
  expectFewDeliveries(1, route.listeners.length)
  const parsed = deps.schemaChecks.expectFit(route.queue, message)
  const leftOut = route.filters === null ? undefined : [new FilterJudge(route.filters).leftOut(message, '', parsed)]
  void deps.acceptor.accept([message], route, undefined, undefined, leftOut).then((outcome) => {
    if (outcome === 'accepted') return accepted(message)
    deps.directory.forget(ask.organizationId, ask.queueId)
    const stored = store(deps, ask, { messages: [message], pathOf: pathOfOne }, () => undefined)
    void stored.then(() => accepted(message), failed)
  }, failed)
}

const pathOfOne = () => ''

/** The message that is asked for, as it would be stored now. Throws `invalid`. */
export function madeNow(deps: Pick<Deps, 'runtime' | 'store'>, ask: QueueRef & NewMessage): AcceptedMessage {
  const now = deps.runtime.now()
  expectFaultless(faultsOf(deps, ask, now))
  return made(deps, ask, ask, now)
}

/** Stores many at once, all or none; throws like `acceptMessage`. */
export async function acceptMessages(
  deps: Deps,
  ask: QueueRef & { messages: readonly NewMessage[] },
  answerFor?: AnswerFor<AcceptedMessage[]>,
): Promise<AcceptedMessage[]> {
  const now = deps.runtime.now()
  const pathOf = (index: number) => `/messages/${index}`
  expectFaultless(ask.messages.flatMap((message, index) => faultsOf(deps, message, now, pathOf(index))))
  const messages = ask.messages.map((message) => made(deps, ask, message, now))
  await store(deps, ask, { messages, pathOf }, () => answerFor?.(messages))
  return messages
}

/** One for all, since most messages are. */
const FAULTLESS: Fault[] = []

/** What is wrong with what the caller wants of a message, whose path in the body this is. */
function faultsOf(deps: Pick<Deps, 'runtime' | 'store'>, ask: NewMessage, now: number, path = ''): Fault[] {
  const due = dueTimeFault(ask, now, path)
  if (isPlain(ask)) return due === null ? FAULTLESS : [due]
  const own = [due, expiryFault(ask, now, path)].filter((fault) => fault !== null)
  const ofContent = [...bodyFaults(ask, path), ...messageHeaderFaults(ask.headers, path)]
  return [...own, ...ofContent, ...featureFaults(deps, usedByMessage(ask, path))]
}

/** Whether it is a text without options, as most messages are, of which only the due time can be wrong. */
function isPlain({ data, dataBase64, contentType, headers, expiresAt, expiresInMs }: NewMessage): boolean {
  const isText = data !== undefined && dataBase64 === undefined && contentType === undefined
  return isText && headers === undefined && expiresAt === undefined && expiresInMs === undefined
}

/** Throws `invalid`, with the first faults. */
function expectFaultless(faults: Fault[]): void {
  if (faults.length > 0) throw new Problem('invalid', { errors: faults.slice(0, MAX_FAULTS) })
}

function made({ runtime }: Pick<Deps, 'runtime'>, queue: QueueRef, asked: NewMessage, now: number): AcceptedMessage {
  const { organizationId, queueId } = queue
  const { name, key } = asked
  const data = asked.data ?? asked.dataBase64!
  const mediaType = asked.storedType === undefined ? mediaTypeOf(asked) : asked.storedType
  const deliverAt = dueTimeOf(asked, now)
  const expiresAt = expiryOf(asked, deliverAt)
  const headers = asked.writtenHeaders ?? writtenHeaders(asked.headers)
  const id = runtime.newId()
  return { id, organizationId, queueId, name, key, data, mediaType, createdAt: now, deliverAt, expiresAt, headers }
}

interface Sent {
  messages: AcceptedMessage[]
  /** Where a message is in the body. */
  pathOf: (index: number) => string
}

async function store(
  deps: Deps,
  { organizationId, queueId }: QueueRef,
  { messages, pathOf }: Sent,
  answer: () => ReturnType<AnswerFor<never>> | undefined,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const route = deps.directory.peek(organizationId, queueId) ?? (await loadRoute(deps, { organizationId, queueId }))
    // What has no filter gets them all, which needs no judging.
    expectFewDeliveries(messages.length, route.filters?.unfiltered ?? route.listeners.length)
    // Each time: what made the route stale may have been a new schema or filter.
    const isPlain = route.queue.schema === null && route.filters === null
    const leftOut = isPlain ? undefined : await judge(deps, route, { messages, pathOf })
    const outcome = await deps.acceptor.accept(messages, route, answer(), undefined, leftOut)
    if (outcome === 'accepted') return
    if (outcome === 'answered') throw new Problem('key_running')
    deps.directory.forget(organizationId, queueId)
  }
  throw new Problem('overloaded')
}

/**
 * Throws `invalid` for the first that does not fit the queue's schema, or is more than filters may look through, and
 * `too_many_deliveries` where too many fit. Answers
 * with the listeners that each leaves out; undefined where none has a filter. Many are judged in pieces.
 */
async function judge(
  deps: Deps,
  { queue, listeners, filters }: FilteredRoute,
  { messages, pathOf }: Sent,
): Promise<(LeftOut | null)[] | undefined> {
  const budget = messages.length > 1 ? new PatternBudget() : undefined
  const slices = new TimeSlices(CHECKED_AT_ONCE)
  const judge = filters === null ? null : new FilterJudge(filters, MAX_LOOKED_THROUGH_OF_BATCH)
  const leftOut: (LeftOut | null)[] = []
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!
    const path = pathOf(index)
    const parsed = deps.schemaChecks.expectFit(queue, message, path, budget)
    const before = judge?.left ?? 0
    if (judge !== null) leftOut.push(judge.leftOut(message, path, parsed))
    const lookedThrough = before - (judge?.left ?? 0)
    if (messages.length > 1 && slices.due(message.data.length + lookedThrough)) await slices.pause()
  }
  if (judge === null) return undefined
  const fitting = leftOut.reduce((sum, one) => sum + listeners.length - leftOutCount(one), 0)
  expectFewDeliveries(messages.length, listeners.length, fitting)
  return leftOut
}

/** Where a message to this queue would go; throws `queue_not_found` and `queue_deleting`. */
export async function loadRoute(
  deps: Pick<AppDeps, 'directory' | 'store'>,
  ask: { organizationId: string; queueId: string },
): Promise<FilteredRoute> {
  expectIds([ask.queueId], 'queue_not_found')
  const route = await deps.directory.load(ask.organizationId, ask.queueId)
  if (route === null) throw await missingForPost(deps, { organizationId: ask.organizationId, id: ask.queueId })
  return route
}
