import type { RedeliveryStore } from '../../store/jobs/redeliveries.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import type { Db } from '../connect/session.ts'
import type { RestartDelivery } from '../deliveries/delivery-restarts.ts'
import { lookForMatches, type RedeliverySearch } from './redelivery-matching.ts'

/**
 * The oldest that no other node is at, of the next organization in turn: of one after that of the step before, else of the
 * first.
 */
const OLDEST = (beyond: string) => `
  select id, organization_id as "organizationId", queue_id as "queueId", listener_id as "listenerId", since, until,
         status, immediately, last_sequence as "lastSequence", after, matched
    from discue.redeliveries where ended_at is null ${beyond} order by organization_id, id limit 1 for update skip locked`

const LISTENER_EXISTS = `select 1 from discue.listeners where organization_id = $1 and id = $2`

const ADVANCE = `
  update discue.redeliveries set after = $4, matched = matched + $5, ended_at = $6
   where organization_id = $1 and listener_id = $2 and id = $3`

const [NEXT, FIRST] = [OLDEST('and organization_id > $1'), OLDEST('')]

type StepAsk = Parameters<RedeliveryStore['step']>[0]
type Running = Omit<RedeliverySearch, 'now'> & { id: string; immediately: boolean }

/** Makes the step of a redelivery, within a transaction. Its progress is stored with what it did. */
export function createRedeliverySteps(restartDelivery: RestartDelivery) {
  return async (db: Db, { limit, now, afterOrganization = '' }: StepAsk): ReturnType<RedeliveryStore['step']> => {
    const later = await db.rows<Running>(NEXT, [afterOrganization])
    const [running] = later.length > 0 ? later : await db.rows<Running>(FIRST)
    if (running === undefined) return { looked: 0, listenerIds: [], organizationId: null }
    const { id, organizationId, listenerId, immediately } = running
    const exists = (await db.rows(LISTENER_EXISTS, [organizationId, listenerId])).length > 0
    const nothing = { looked: 0, matching: [], after: null }
    const { looked, matching, after } = exists ? await lookForMatches(db, { ...running, now }, limit) : nothing
    const changes = new Changes()
    const again = { ...running, messages: matching }
    if (matching.length > 0) await restartDelivery(db, again, { now, immediately, changes })
    await writeChanges(db, changes, now)
    const endedAt = after === null ? now : null
    await db.run(ADVANCE, [organizationId, listenerId, id, after ?? running.after, matching.length, endedAt])
    return { looked: looked + 1, listenerIds: matching.length > 0 ? [listenerId] : [], organizationId }
  }
}
