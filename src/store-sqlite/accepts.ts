import type { DatabaseSync } from 'node:sqlite'
import type { Accept, AcceptResult, MessageAccept } from '../store/batch.ts'
import { createEffectAnswers } from './answers.ts'
import type { Changes, Shared } from './batch.ts'
import type { MessageQuotas } from './message-quotas.ts'
import { createSequence } from './sequence.ts'

const QUEUE_VERSION = `
  select version from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

const INSERT_MESSAGE = `
  insert into messages (sequence, id, organization_id, queue_id, audience, created_at, deliver_at, name, key, data)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_DELIVERY = `
  insert into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved) values (?, ?, ?, 0, null, 0)`

/** What is known, and what is summed up, while one transaction runs. */
interface Transaction {
  /** Versions of queues, by organization and queue. */
  seen: Map<string, number>
  changes: Changes
  quota: ReturnType<MessageQuotas['begin']>
}

/** The sequence of the first message that was stored, or why none was. */
export type Accepted = number | Exclude<AcceptResult, { outcome: 'accepted' }>

/** The part of a commit that takes messages in. */
export function createAccepting(db: DatabaseSync, { audiences, leases, marks }: Shared) {
  const [queueVersion, insertMessage] = [db.prepare(QUEUE_VERSION), db.prepare(INSERT_MESSAGE)]
  const insertDelivery = db.prepare(INSERT_DELIVERY)
  const answers = createEffectAnswers(db)
  const sequences = createSequence(db)

  function versionOf({ message }: MessageAccept, seen: Map<string, number>): number {
    // By organization too: a queue's id from another organization must find nothing, whatever else the batch holds.
    const key = message.organizationId + message.queueId
    const known = seen.get(key)
    if (known !== undefined) return known
    const row = queueVersion.get(message.organizationId, message.queueId) as { version: number } | undefined
    const version = row?.version ?? -1
    seen.set(key, version)
    return version
  }

  function insert({ message, deliveries }: MessageAccept, { figures: changes, usage: used }: Changes): number {
    const { id, organizationId, queueId, name, key, data, createdAt, deliverAt } = message
    const sequence = sequences.next()
    const audience = audiences.of(queueId, sequence, deliveries)
    insertMessage.run(sequence, id, organizationId, queueId, audience, createdAt, deliverAt, name, key, data)
    marks.added(queueId, id)
    for (const { listenerId } of deliveries) {
      insertDelivery.run(listenerId, deliverAt, sequence)
      changes.of(listenerId).pending += 1
    }
    used.added(message)
    return sequence
  }

  return {
    /** Returns the first message's sequence, from which the others count up. What refuses it comes before any write. */
    accept(it: Accept, { seen, changes, quota }: Transaction): Accepted {
      const first = it.messages[0]!
      if (versionOf(first, seen) !== it.queueVersion) return { outcome: 'stale' }
      if (answers.has(it.answer)) return { outcome: 'answered' }
      const refused = quota === null ? null : quota.accept(first.message, it.messages.length)
      if (refused !== null) return refused
      answers.write(it.answer)
      const sequence = insert(first, changes)
      for (let i = 1; i < it.messages.length; i++) insert(it.messages[i]!, changes)
      return sequence
    },
    /** After the transaction is on disk. */
    committed: sequences.committed,
    /** After the transaction is on disk: takes the leases that were asked for. */
    lease(it: Accept, accepted: Accepted, node: string): AcceptResult {
      if (typeof accepted !== 'number') return accepted
      const messages = it.messages.map(({ message, deliveries }, index) => {
        const sequence = accepted + index
        const taken = deliveries.map(({ listenerId, leased }) =>
          leased ? leases.take(node, listenerId, sequence, message) : null,
        )
        return { sequence, leases: taken }
      })
      return { outcome: 'accepted', messages }
    },
  }
}
