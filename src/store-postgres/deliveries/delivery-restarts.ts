import type { Message } from '../../core/delivery/message.ts'
import type { Changes } from '../cluster/changes.ts'
import { type Clock, timeOr } from '../cluster/nodes.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Routines } from '../routines.ts'

/** Which deliveries are to be made again: of these messages, to one listener. */
interface Again {
  organizationId: string
  queueId: string
  listenerId: string
  messages: readonly Pick<Message, 'sequence' | 'deliverAt'>[]
}

/** How deliveries are begun anew; `immediately`: they become due where they are not. */
interface Restart {
  now: number
  immediately: boolean
  changes: Changes
}

/** Begins new runs of deliveries, however they stand, within a transaction. */
export type RestartDelivery = (db: Db, again: Again, restart: Restart) => Promise<void>

export function createDeliveryRestart({ name }: Routines, clock: Clock): RestartDelivery {
  const BEGIN = `
    select coalesce(sum(r.pending), 0) as pending, coalesce(sum(r.missed), 0) as missed
      from unnest($3::bigint[], $4::bigint[]) u(sequence, deliver_at)
     cross join lateral ${name('begin_anew')}($1, $2, u.sequence, u.deliver_at, $5, ${timeOr('$6')}, $7) r`

  return async (db, { organizationId, queueId, listenerId, messages }, { now, immediately, changes }) => {
    const sequences = numbers(messages.map(({ sequence }) => sequence))
    const deliverAts = numbers(messages.map(({ deliverAt }) => deliverAt))
    const values = [organizationId, listenerId, sequences, deliverAts, now, clock(now), immediately]
    const [row] = await db.rows<{ pending: number; missed: number }>(BEGIN, values)
    const change = changes.of({ organizationId, queueId, listenerId })
    change.pending += row!.pending
    change.missed += row!.missed
  }
}
