import type { Message } from '../../core/delivery/message.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'

/** Why a message is taken out of the store before all of it was delivered. */
export type DiscardReason = 'deleted' | 'retention'

/** The listeners whose last attempt was acknowledged, and that are not among those to whom it had not come. */
const INSERT = `
  insert into discue.discards
    (organization_id, queue_id, sequence, id, audience, left_out, created_at, discarded_at, reason, delivered, expired, discarded)
  select m.organization_id, m.queue_id, m.sequence, m.id, m.audience, m.left_out, m.created_at, $4, $5, array(
           select x.listener_id from (
             select distinct on (a.listener_id) a.listener_id, a.error, a.status from discue.attempts a
              where a.organization_id = $1 and a.sequence = m.sequence order by a.listener_id, a.number desc) x
            where x.error is null and x.status between 200 and 299 and x.listener_id <> all(u.undelivered::text[])),
         array(select x.listener_id from discue.delivery_discards x
                where x.organization_id = $1 and x.sequence = m.sequence and x.reason = 'expired'),
         array(select x.listener_id from discue.delivery_discards x
                where x.organization_id = $1 and x.sequence = m.sequence and x.reason = 'discarded')
    from unnest($2::bigint[], $3::text[]) u(sequence, undelivered)
    join discue.messages m on m.sequence = any(array[u.sequence])
    join discue.audiences w on w.organization_id = m.organization_id and w.queue_id = m.queue_id and w.version = m.audience
   where cardinality(w.listener_ids) > coalesce(bit_count(m.left_out), 0)`

/** Keeps for the ledger what they need of messages that are removed, within the transaction that does, and before it. */
export async function noteDiscards(
  db: Db,
  messages: readonly Pick<Message, 'organizationId' | 'sequence'>[],
  {
    reason,
    now,
    undelivered,
    ended,
  }: {
    reason: DiscardReason
    now: number
    undelivered: ReadonlyMap<number, string[]>
    /** Messages that had expired for a listener before, or that a client had discarded for one. */
    ended: ReadonlySet<number>
  },
): Promise<void> {
  // A message that every listener got may be forgotten when its time is over.
  const noted = messages.filter(({ sequence }) => {
    return reason === 'deleted' || undelivered.has(sequence) || ended.has(sequence)
  })
  if (noted.length === 0) return
  const sequences = numbers(noted.map(({ sequence }) => sequence))
  const lists = texts(noted.map(({ sequence }) => texts(undelivered.get(sequence) ?? [])))
  await db.run(INSERT, [noted[0]!.organizationId, sequences, lists, now, reason])
}
