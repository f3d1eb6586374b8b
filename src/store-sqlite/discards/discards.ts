import type { DatabaseSync } from 'node:sqlite'
import { AFTER_EVERY_ID } from '../../core/id.ts'
import { MAX_DISCARDS } from '../../core/message/discard.ts'
import type { Discard, DiscardStore, RunningDiscard } from '../../store/jobs/discards.ts'
import type { Shared } from '../commit/parts.ts'
import { createEffectRecords } from '../idempotency-records.ts'
import { type ChangeLog, reading, type Transact } from '../transaction.ts'
import { createDiscardSteps } from './discard-steps.ts'

const QUEUE = `select 1 from queues where id = ? and organization_id = ?`
const LISTENER = `select 1 from listeners where id = ? and queue_id = ? and organization_id = ?`

const INSERT = `
  insert into discard_jobs
    (id, organization_id, queue_id, listener_id, since, until, status, contains, last_sequence, before, matched, created_at)
  select ?, ?, ?, ?, ?, ?, ?, ?, coalesce(max(sequence), 0), ?, 0, ? from messages`

const RUNNING = `
  select count(*) as running from discard_jobs where organization_id = ? and ended_at is null`

const COLUMNS = `
  id, organization_id as organizationId, queue_id as queueId, listener_id as listenerId, since, until, status, contains,
  created_at as createdAt`

const GET = `
  select ${COLUMNS}, matched, ended_at as endedAt from discard_jobs where id = ? and organization_id = ? and queue_id = ?`

const NEXT = (beyond: string) => `
  select ${COLUMNS}, before from discard_jobs j
   where ended_at is null ${beyond}
     and (before is not null or exists (select 1 from discard_leftovers l where l.discard_id = j.id and l.look_at <= ?))
   order by organization_id, id limit 1`
const LEFTOVERS = `
  select sequence from discard_leftovers where discard_id = ? and look_at <= ? order by look_at, sequence limit ?`

const PRUNE = `delete from discard_jobs where id in (select id from discard_jobs where ended_at < ? limit ?)`

/** Where no time was given. */
const FOREVER = Number.MAX_SAFE_INTEGER

type Row = Omit<Discard, 'since' | 'until' | 'done'> & { since: number; until: number; endedAt: number | null }

export function createDiscardStore(
  db: DatabaseSync,
  transact: Transact,
  shared: Shared & { changes: ChangeLog },
): DiscardStore {
  const [queue, listener, insert] = [db.prepare(QUEUE), db.prepare(LISTENER), db.prepare(INSERT)]
  const running = db.prepare(RUNNING)
  const [get, leftovers, prune] = [db.prepare(GET), db.prepare(LEFTOVERS), db.prepare(PRUNE)]
  const [nextBeyond, first] = [db.prepare(NEXT('and organization_id > ?')), db.prepare(NEXT(''))]
  const answers = createEffectRecords(db)
  const steps = createDiscardSteps(db, transact, shared)

  return {
    ...steps,
    async create(discard, answer) {
      return transact(() => {
        const { id, organizationId, queueId, listenerId, status, contains, createdAt } = discard
        if (queue.get(queueId, organizationId) === undefined) return 'queue_not_found'
        if (listenerId !== null && listener.get(listenerId, queueId, organizationId) === undefined) {
          return 'listener_not_found'
        }
        if (answers.has(answer)) return 'answered'
        if ((running.get(organizationId)!.running as number) >= MAX_DISCARDS) return 'too_many'
        answers.write(answer)
        const range = [discard.since ?? 0, discard.until ?? FOREVER]
        const which = [...range, status, contains, AFTER_EVERY_ID]
        insert.run(id, organizationId, queueId, listenerId, ...which, createdAt)
        shared.changes.note({ kind: 'discard', listenerIds: [] })
        return 'created'
      })
    },
    async get({ organizationId, queueId, id }) {
      const row = reading(() => get.get(id, organizationId, queueId)) as Row | undefined
      if (row === undefined) return null
      const { since, until, endedAt, ...rest } = row
      return { ...rest, since: since || null, until: until === FOREVER ? null : until, done: endedAt !== null }
    },
    async next({ now, afterOrganization, leftovers: limit }) {
      const row = reading(() => nextBeyond.get(afterOrganization, now) ?? first.get(now))
      if (row === undefined) return null
      const { before, ...discard } = row as unknown as RunningDiscard['discard'] & { before: string | null }
      const left = before === null ? (leftovers.all(discard.id, now, limit) as { sequence: number }[]) : []
      return { discard, before, leftovers: left.map(({ sequence }) => sequence) }
    },
    async prune({ before, limit }) {
      return Number(transact(() => prune.run(before, limit)).changes)
    },
  }
}
