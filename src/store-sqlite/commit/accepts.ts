import type { DatabaseSync } from 'node:sqlite'
import { isNotification } from '../../core/notification/notification.ts'
import type {
  Accept,
  AcceptResult,
  MessageAccept,
  NewDelivery,
  OrderPosition,
  StoredMessage,
} from '../../store/commit/batch.ts'
import { createEffectRecords } from '../idempotency-records.ts'
import { createScheduleSteps } from '../schedules/schedule-steps.ts'
import type { MessageQuotas } from './message-quotas.ts'
import type { Changes, Shared } from './parts.ts'
import { createSequence } from './sequence.ts'

const QUEUE_VERSION = `
  select version from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

const COLUMNS = 'sequence, id, organization_id, queue_id, audience, created_at, deliver_at, name, key, data'
const INSERT_MESSAGE = `insert into messages (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Apart, so that a message with none of them, as most are, does not pay for them. */
const INSERT_WITH_OPTIONS = `
  insert into messages (${COLUMNS}, expires_at, headers, media_type, left_out)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_EXPIRY = `insert into message_expiries (organization_id, look_at, sequence) values (?, ?, ?)`

const INSERT_DELIVERY = `
  insert into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved) values (?, ?, ?, 0, null, 0)`

/** What is known, and what is summed up, while one transaction runs. */
export interface Transaction {
  /** Versions of queues, with the organization that has asked. */
  seen: Map<string, { organizationId: string; version: number }>
  changes: Changes
  quota: ReturnType<MessageQuotas['begin']>
}

/** What was stored, not leased yet, or why nothing was. */
export type Accepted = Stored | Exclude<AcceptResult, { outcome: 'accepted' }>

interface Stored {
  /** Of the first message, from which the rest count up. */
  firstSequence: number
  /** By message, where any listener of the queue wants an order. */
  places: StoredMessage['places'][] | null
}

/** What messages of one accept are stored by. */
interface Insert {
  changes: Changes
  /** Of the queue, as the transaction has seen it. */
  version: number
}

/** The part of a commit that takes messages in. */
export function createAccepting(db: DatabaseSync, shared: Shared) {
  const { recipientSets, rowless, leases, marks, orders } = shared
  const queueVersion = db.prepare(QUEUE_VERSION)
  const [insertMessage, insertWithOptions] = [db.prepare(INSERT_MESSAGE), db.prepare(INSERT_WITH_OPTIONS)]
  const [insertDelivery, insertExpiry] = [db.prepare(INSERT_DELIVERY), db.prepare(INSERT_EXPIRY)]
  const answers = createEffectRecords(db)
  const sequences = createSequence(db)
  const steps = createScheduleSteps(db, shared)

  function versionOf({ message: { organizationId, queueId } }: MessageAccept, seen: Transaction['seen']): number {
    // By organization too: a queue's id from another organization must find nothing, whatever else the batch holds.
    const known = seen.get(queueId)
    if (known?.organizationId === organizationId) return known.version
    const row = queueVersion.get(organizationId, queueId) as { version: number } | undefined
    const version = row?.version ?? -1
    seen.set(queueId, { organizationId, version })
    return version
  }

  function insertRow({ message, leftOut }: MessageAccept, sequence: number, recipientSet: number): void {
    const { id, organizationId, queueId, name, key, data, mediaType, createdAt, deliverAt, expiresAt, headers } =
      message
    if (expiresAt === null && headers === null && mediaType === null && leftOut === undefined) {
      insertMessage.run(sequence, id, organizationId, queueId, recipientSet, createdAt, deliverAt, name, key, data)
      return
    }
    const row = [sequence, id, organizationId, queueId, recipientSet, createdAt, deliverAt, name, key, data]
    insertWithOptions.run(...row, expiresAt, headers, mediaType, leftOut ?? null)
    if (expiresAt !== null) insertExpiry.run(organizationId, expiresAt, sequence)
  }

  /** Returns the message's position in the order of each listener that wants one. */
  function insert(it: MessageAccept, sequence: number, { changes, version }: Insert): StoredMessage['places'] {
    const { message, deliveries, leftOut } = it
    const { queueId, key, deliverAt } = message
    const recipientSet =
      leftOut === undefined
        ? recipientSets.of(queueId, sequence, deliveries)
        : recipientSets.ofQueue(queueId, sequence, version)
    insertRow(it, sequence, recipientSet)
    marks.added(queueId, message.id)
    let places: (OrderPosition | null)[] | null = null
    let hasRowless = false
    for (let index = 0; index < deliveries.length; index++) {
      const { listenerId, ordering } = deliveries[index]!
      changes.counters.of(listenerId).pending += 1
      if (isRowless(deliveries[index]!)) {
        hasRowless = true
        continue
      }
      const place = ordering === undefined ? null : orders.accept(listenerId, ordering, { sequence, key })
      if (place?.held !== true) insertDelivery.run(listenerId, deliverAt, sequence)
      if (place === null) continue
      places ??= deliveries.map(() => null)
      places[index] = place
    }
    const mayLeaveOut = leftOut === undefined ? 0 : leftOut.length * 8
    rowless.accepted(sequence, { deliveries: deliveries.length, leftOut: mayLeaveOut }, hasRowless)
    changes.usage.added(message)
    return places
  }

  function insertAll(messages: readonly MessageAccept[], as: Insert): Stored {
    const firstSequence = sequences.next()
    const ordered = messages.some(wantsOrder)
    const first = insert(messages[0]!, firstSequence, as)
    const places = ordered ? [first] : null
    for (let i = 1; i < messages.length; i++) {
      const place = insert(messages[i]!, sequences.next(), as)
      places?.push(place)
    }
    return { firstSequence, places }
  }

  return {
    /** What refuses it comes before any write. */
    accept(it: Accept, { seen, changes, quota }: Transaction): Accepted {
      const first = it.messages[0]!
      if (versionOf(first, seen) !== it.queueVersion) return { outcome: 'stale' }
      if (answers.has(it.answer)) return { outcome: 'answered' }
      if (it.steps?.every(steps.isAsExpected) === false) return { outcome: 'passed' }
      const refused =
        quota === null || isNotification(first.message.headers) ? null : quota.accept(first.message, it.messages.length)
      if (refused !== null) return refused
      answers.write(it.answer)
      it.steps?.forEach(steps.write)
      return insertAll(it.messages, { changes, version: it.queueVersion })
    },
    /** After the transaction is on disk. */
    committed: sequences.committed,
    /** After the transaction is on disk: takes the leases that were asked for. */
    lease(it: Accept, accepted: Accepted, node: string): AcceptResult {
      if (!('firstSequence' in accepted)) return accepted
      const messages = it.messages.map(({ message, deliveries }, index) => {
        const sequence = accepted.firstSequence + index
        const places = accepted.places?.[index] ?? null
        const taken = deliveries.map((it, at) =>
          it.leased && places?.[at]?.held !== true
            ? leases.take(node, it.listenerId, sequence, message, isRowless(it))
            : null,
        )
        return { sequence, leases: taken, places }
      })
      return { outcome: 'accepted', messages }
    },
  }
}

/** Of one queue each message is for other listeners, where they have filters. */
function wantsOrder({ deliveries }: MessageAccept): boolean {
  return deliveries.some(({ ordering }) => ordering !== undefined)
}

/** What is leased at once gets no row, but where its order has to find it. */
function isRowless({ leased, ordering }: NewDelivery): boolean {
  return leased && ordering === undefined
}
