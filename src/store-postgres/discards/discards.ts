import { AFTER_EVERY_ID } from '../../core/id.ts'
import { MAX_DISCARDS } from '../../core/message/discard.ts'
import type { Discard, DiscardStore, RunningDiscard } from '../../store/jobs/discards.ts'
import { restored, stored } from '../connect/text.ts'
import type { Database } from '../connect/transaction.ts'
import { hasRecord, writeRecord } from '../idempotency-records.ts'
import { deletePicked } from '../listing.ts'
import { createDiscardSteps, type DiscardParts } from './discard-steps.ts'

const QUEUE = `select 1 from discue.queues where organization_id = $1 and id = $2`
const LISTENER = `select 1 from discue.listeners where organization_id = $1 and id = $2 and queue_id = $3`

const INSERT = `
  insert into discue.discard_jobs
    (organization_id, id, queue_id, listener_id, since, until, status, contains, last_sequence, before, matched, created_at)
  select $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(sequence), 0), $9, 0, $10 from discue.messages`

const RUNNING = `
  select count(*) as running from discue.discard_jobs where organization_id = $1 and ended_at is null`

const COLUMNS = `
  id, organization_id as "organizationId", queue_id as "queueId", listener_id as "listenerId", since, until, status, contains,
  created_at as "createdAt"`

const GET = `
  select ${COLUMNS}, matched, ended_at as "endedAt" from discue.discard_jobs
   where organization_id = $1 and id = $2 and queue_id = $3`

const NEXT = `
  select ${COLUMNS}, before from discue.discard_jobs j
   where ended_at is null and organization_id > $1
     and (before is not null
       or exists (select 1 from discue.discard_leftovers l
                   where l.organization_id = j.organization_id and l.discard_id = j.id and l.look_at <= $2))
   order by organization_id, id limit 1`
const LEFTOVERS = `
  select sequence from discue.discard_leftovers
   where organization_id = $1 and discard_id = $2 and look_at <= $3 order by look_at, sequence limit $4`

const KEY = 'organization_id, id'
const PRUNE = deletePicked(
  'discue.discard_jobs',
  KEY,
  `select ${KEY} from discue.discard_jobs where ended_at < $1 limit $2 for update skip locked`,
)

/** Where no time was given. */
const FOREVER = Number.MAX_SAFE_INTEGER

type Row = Omit<Discard, 'since' | 'until' | 'done'> & { since: number; until: number; endedAt: number | null }

export function createDiscardStore(database: Database, parts: DiscardParts): DiscardStore {
  const { transact, db } = database
  const steps = createDiscardSteps(database, parts)
  return {
    ...steps,
    async create(discard, answer) {
      return transact(async (on) => {
        const { id, organizationId, queueId, listenerId, status, contains, createdAt } = discard
        if ((await on.rows(QUEUE, [organizationId, queueId])).length === 0) return 'queue_not_found'
        if (listenerId !== null && (await on.rows(LISTENER, [organizationId, listenerId, queueId])).length === 0) {
          return 'listener_not_found'
        }
        if (await hasRecord(on, answer)) return 'answered'
        const [under] = await on.rows<{ running: number }>(RUNNING, [organizationId])
        if (under!.running >= MAX_DISCARDS) return 'too_many'
        await writeRecord(on, answer)
        const range = [discard.since ?? 0, discard.until ?? FOREVER]
        const text = contains === null ? null : stored(contains)
        const which = [...range, status, text, AFTER_EVERY_ID]
        await on.run(INSERT, [organizationId, id, queueId, listenerId, ...which, createdAt])
        await parts.publish(on, { kind: 'discard', listenerIds: [] })
        return 'created'
      })
    },
    async get({ organizationId, queueId, id }) {
      const [row] = await db.rows<Row>(GET, [organizationId, id, queueId])
      if (row === undefined) return null
      const { since, until, endedAt, ...rest } = row
      const range = { since: since || null, until: until === FOREVER ? null : until }
      return { ...rest, ...range, contains: textOf(row), done: endedAt !== null }
    },
    async next({ now, afterOrganization, leftovers: limit }) {
      const later = await db.rows<RunningRow>(NEXT, [afterOrganization, now])
      const isAll = later.length > 0 || afterOrganization === ''
      const [row] = isAll ? later : await db.rows<RunningRow>(NEXT, ['', now])
      if (row === undefined) return null
      const { before, ...discard } = row
      const { organizationId, id } = discard
      const left =
        before === null ? await db.rows<{ sequence: number }>(LEFTOVERS, [organizationId, id, now, limit]) : []
      const leftovers = left.map(({ sequence }) => sequence)
      return { discard: { ...discard, contains: textOf(row) }, before, leftovers }
    },
    prune: ({ before, limit }) => db.run(PRUNE, [before, limit]),
  }
}

type RunningRow = RunningDiscard['discard'] & { before: string | null }

function textOf({ contains }: Pick<Discard, 'contains'>): string | null {
  return contains === null ? null : restored(contains)
}
