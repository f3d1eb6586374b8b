import type { DatabaseSync } from 'node:sqlite'
import type { RedeliveryStore } from '../../store/jobs/redeliveries.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import type { RestartDelivery } from '../deliveries/delivery-restarts.ts'
import type { createRedeliveryMatching, RedeliverySearch } from './redelivery-matching.ts'

/** The oldest of the next organization in turn: of one after that of the step before, else of the first. */
const OLDEST = (beyond: string) => `
  select id, organization_id as organizationId, queue_id as queueId, listener_id as listenerId, since, until, status,
         immediately, last_sequence as lastSequence, after, matched
    from redeliveries where ended_at is null ${beyond} order by organization_id, id limit 1`

const LISTENER_EXISTS = `select 1 from listeners where id = ?`

const ADVANCE = `update redeliveries set after = ?, matched = matched + ?, ended_at = ? where id = ?`

type StepAsk = Parameters<RedeliveryStore['step']>[0]
type Step = Awaited<ReturnType<RedeliveryStore['step']>>
type Running = Omit<RedeliverySearch, 'now'> & { id: string; organizationId: string; immediately: 0 | 1 }

/** Makes the step of a redelivery, within a transaction. Its progress is stored with what it did. */
export function createRedeliverySteps(
  db: DatabaseSync,
  { look, restartDelivery }: { look: ReturnType<typeof createRedeliveryMatching>; restartDelivery: RestartDelivery },
) {
  const [next, first] = [db.prepare(OLDEST('and organization_id > ?')), db.prepare(OLDEST(''))]
  const [listenerExists, advance] = [db.prepare(LISTENER_EXISTS), db.prepare(ADVANCE)]
  const counters = createListenerCounters(db)

  return ({ limit, now, afterOrganization }: StepAsk): Step => {
    const running = (next.get(afterOrganization ?? '') ?? first.get()) as unknown as Running | undefined
    if (running === undefined) return { looked: 0, listenerIds: [], organizationId: null }
    const { id, organizationId, listenerId } = running
    const immediately = running.immediately === 1
    const exists = listenerExists.get(listenerId) !== undefined
    const { looked, matching, after } = exists
      ? look({ ...running, now }, limit)
      : { looked: 0, matching: [], after: null }
    const changes = new CounterChanges()
    for (const message of matching) restartDelivery({ message, listenerId }, { now, immediately, changes })
    for (const [changedId, change] of changes.entries()) counters.add(changedId, change)
    advance.run(after ?? running.after, matching.length, after === null ? now : null, id)
    return { looked: looked + 1, listenerIds: matching.length > 0 ? [listenerId] : [], organizationId }
  }
}
