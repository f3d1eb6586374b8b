import type { Message } from '../../core/delivery/message.ts'
import { withoutLeftOut } from '../../core/listener-filter/left-out.ts'
import { isExpired } from '../../core/message/expiry.ts'
import type { MessageRedelivery, Redelivery, RedeliveryStore } from '../../store/jobs/redeliveries.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import type { Clock } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import { createDeliveryRestart } from '../deliveries/delivery-restarts.ts'
import { hasRecord, writeRecord } from '../idempotency-records.ts'
import { deletePicked } from '../listing.ts'
import { summariesOf } from '../messages/delivery-summaries.ts'
import { LEFT_OUT_COLUMN, leftOutBits } from '../messages/left-out-rows.ts'
import { MESSAGE_COLUMNS, messageOf } from '../messages/message-row.ts'
import type { Routines } from '../routines.ts'
import { lookForMatches } from './redelivery-matching.ts'
import { createRedeliverySteps } from './redelivery-steps.ts'

/** Locked: a transaction that deletes or moves the message waits. */
const MESSAGE = `
  select ${MESSAGE_COLUMNS}, m.audience as "recipientSet", ${LEFT_OUT_COLUMN}, m.revision from discue.messages m
   where m.organization_id = $1 and m.queue_id = $2 and m.id = $3
     and exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2)
     for update of m`

const RECIPIENT_SET = `
  select listener_ids as "listenerIds" from discue.audiences where organization_id = $1 and queue_id = $2 and version = $3`
const LISTENERS = `select id from discue.listeners where organization_id = $1 and queue_id = $2`
const LISTENER = `select 1 from discue.listeners where organization_id = $1 and id = $2 and queue_id = $3`
const NEWEST = `select coalesce(max(sequence), 0) as sequence from discue.messages`

const INSERT = `
  insert into discue.redeliveries
    (id, organization_id, queue_id, listener_id, since, until, status, immediately, last_sequence, after, matched,
     created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0, $10)`

const GET = `
  select id, organization_id as "organizationId", queue_id as "queueId", listener_id as "listenerId", since, until,
         status, immediately, matched, created_at as "createdAt", ended_at as "endedAt"
    from discue.redeliveries where organization_id = $1 and listener_id = $2 and id = $3 and queue_id = $4`

const KEY = 'organization_id, listener_id, id'
const PRUNE = deletePicked(
  'discue.redeliveries',
  KEY,
  `select ${KEY} from discue.redeliveries where ended_at < $1 limit $2 for update skip locked`,
)

/** Where no time was given. */
const FOREVER = Number.MAX_SAFE_INTEGER

type Row = Omit<Redelivery, 'since' | 'until' | 'done'> & { since: number; until: number; endedAt: number | null }

export function createRedeliveryStore(
  { transact, db }: Database,
  { routines, clock, publish }: { routines: Routines; clock: Clock; publish: Publish },
): RedeliveryStore {
  const restartDelivery = createDeliveryRestart(routines, clock)
  const step = createRedeliverySteps(restartDelivery)

  async function ofMessage(
    on: Transaction,
    ask: Parameters<RedeliveryStore['ofMessage']>[0],
  ): Promise<MessageRedelivery> {
    const { organizationId, queueId, id, now, immediately } = ask
    const [row] = await on.rows<Revised<Message> & { recipientSet: number; leftOut: string | null }>(MESSAGE, [
      organizationId,
      queueId,
      id,
    ])
    if (row === undefined) return 'not_found'
    const { revision, recipientSet, leftOut, ...found } = messageOf(row)
    if (isExpired(found, now)) return 'expired'
    const listeners = await on.rows<{ id: string }>(LISTENERS, [organizationId, queueId])
    const existing = new Set(listeners.map((listener) => listener.id))
    const [whom] = await on.rows<{ listenerIds: string[] }>(RECIPIENT_SET, [organizationId, queueId, recipientSet])
    const all = whom?.listenerIds ?? []
    const meant = withoutLeftOut(all, leftOutBits(leftOut))
    for (const listenerId of ask.listenerIds ?? []) {
      if (!existing.has(listenerId)) return { refused: 'unknown', listenerId }
      if (!all.includes(listenerId)) return { refused: 'made_later', listenerId }
      if (!meant.includes(listenerId)) return { refused: 'left_out', listenerId }
    }
    const listenerIds = [...new Set(ask.listenerIds ?? meant.filter((it) => existing.has(it)))]
    if (listenerIds.length === 0) return 'nothing'
    const changes = new Changes()
    // In one order in every transaction, since their orders are locked.
    for (const listenerId of listenerIds.toSorted()) {
      await restartDelivery(
        on,
        { organizationId, queueId, listenerId, messages: [found] },
        { now, immediately, changes },
      )
    }
    await writeChanges(on, changes, now)
    const [deliveries] = await summariesOf(on, [found])
    await publish(on, { kind: 'deliveries_due', listenerIds, dueAt: now })
    return { details: { message: found, revision, deliveries: deliveries! }, listenerIds }
  }

  return {
    ofMessage: (ask) => transact((on) => ofMessage(on, ask)),
    async create(redelivery, answer) {
      return transact(async (on) => {
        const { id, organizationId, queueId, listenerId, status, createdAt } = redelivery
        if ((await on.rows(LISTENER, [organizationId, listenerId, queueId])).length === 0) return 'listener_not_found'
        if (await hasRecord(on, answer)) return 'answered'
        await writeRecord(on, answer)
        const [newest] = await on.rows<{ sequence: number }>(NEWEST)
        const [since, until] = [redelivery.since ?? 0, redelivery.until ?? FOREVER]
        const which = [since, until, status, redelivery.immediately, newest!.sequence]
        await on.run(INSERT, [id, organizationId, queueId, listenerId, ...which, createdAt])
        await publish(on, { kind: 'redelivery', listenerId })
        return 'created'
      })
    },
    async get({ organizationId, queueId, listenerId, id }) {
      const [row] = await db.rows<Row>(GET, [organizationId, listenerId, id, queueId])
      if (row === undefined) return null
      const { since, until, endedAt, ...rest } = row
      return { ...rest, since: since || null, until: until === FOREVER ? null : until, done: endedAt !== null }
    },
    async count({ since, until, limit, ...which }) {
      const { organizationId, listenerId, queueId } = which
      if ((await db.rows(LISTENER, [organizationId, listenerId, queueId])).length === 0) return 'listener_not_found'
      const search = { ...which, since: since ?? 0, until: until ?? FOREVER, lastSequence: FOREVER }
      const { looked, matching, after } = await lookForMatches(db, search, limit)
      return { looked, matched: matching.length, after }
    },
    step: (ask) =>
      transact(async (on) => {
        const made = await step(on, ask)
        const { listenerIds } = made
        if (listenerIds.length > 0) await publish(on, { kind: 'deliveries_due', listenerIds, dueAt: ask.now })
        return made
      }),
    prune: ({ before, limit }) => db.run(PRUNE, [before, limit]),
  }
}
