import { encodeTime } from '../core/id.ts'
import type { Message } from '../core/message.ts'
import type { Redelivery, RedeliveryStore } from '../store/redeliveries.ts'
import { Changes, writeChanges } from './changes.ts'
import { summariesOf } from './delivery-summaries.ts'
import type { BeginAnew } from './fresh-runs.ts'
import type { Db } from './session.ts'

/** The oldest that no other node is at. */
const OLDEST = `
  select id, organization_id as "organizationId", queue_id as "queueId", listener_id as "listenerId", since, until,
         status, last_sequence as "lastSequence", after, matched
    from redeliveries where ended_at is null order by id limit 1 for update skip locked`

const LISTENER_EXISTS = `select 1 from listeners where organization_id = $1 and id = $2`
const COLUMNS = `m.sequence, m.id, m.created_at as "createdAt", m.deliver_at as "deliverAt", $2 = any(a.listener_ids) as meant`
const AUDIENCE = `
  join audiences a on a.organization_id = $1 and a.queue_id = m.queue_id and a.version = m.audience`

/** Of the listener's own index: few of very many messages are missed. */
const MISSED = `
  select ${COLUMNS} from (
    select x.sequence from missed x
     where x.organization_id = $1 and x.listener_id = $2 and x.sequence > $3 and x.sequence <= $4
     order by x.sequence limit $5) x
    join messages m on m.sequence = x.sequence ${AUDIENCE}
   order by m.sequence`

const OF_QUEUE = `
  select ${COLUMNS} from (
    select * from messages o
     where o.organization_id = $1 and o.queue_id = $3 and o.id > $4 and o.id < $5 order by o.id limit $6) m
    ${AUDIENCE}
   order by m.id`

const ADVANCE = `
  update redeliveries set after = $4, matched = matched + $5, ended_at = $6
   where organization_id = $1 and listener_id = $2 and id = $3`

/** Greater than every id, which are letters and digits. */
const AFTER_ALL = '~'
/** The last time that an id can say. */
const LAST_TIME = 2 ** 48
/** An id is made around the time that its message says it was created at, not at it. */
const ID_SLACK_MS = 60_000

type Running = Pick<Redelivery, 'id' | 'organizationId' | 'queueId' | 'listenerId' | 'status' | 'matched'> & {
  since: number
  until: number
  lastSequence: number
  after: string
}

type Row = Pick<Message, 'sequence' | 'id' | 'createdAt' | 'deliverAt'> & { meant: boolean }

/** Makes the step of a redelivery, within a transaction. Its progress is stored with what it did. */
export function createRedeliverySteps(beginAnew: BeginAnew) {
  return async (db: Db, { limit, now }: { limit: number; now: number }): ReturnType<RedeliveryStore['step']> => {
    const [running] = await db.rows<Running>(OLDEST)
    if (running === undefined) return { looked: 0, listenerIds: [] }
    const { id, organizationId, listenerId, status } = running
    const exists = (await db.rows(LISTENER_EXISTS, [organizationId, listenerId])).length > 0
    const rows = exists ? await rowsOf(db, running, limit) : []
    const matching = await matchingOf(db, rows, running)
    const changes = new Changes()
    if (matching.length > 0) await beginAnew(db, { ...running, messages: matching }, { now, changes })
    await writeChanges(db, changes, now)
    const last = rows.at(-1)
    const after = last === undefined ? running.after : status === 'missed' ? String(last.sequence) : last.id
    const endedAt = rows.length < limit ? now : null
    await db.run(ADVANCE, [organizationId, listenerId, id, after, matching.length, endedAt])
    return { looked: rows.length + 1, listenerIds: matching.length > 0 ? [listenerId] : [] }
  }
}

function rowsOf(db: Db, running: Running, limit: number): Promise<Row[]> {
  const { organizationId, queueId, listenerId, since, until, lastSequence, after, status } = running
  const of = [organizationId, listenerId]
  if (status === 'missed') return db.rows<Row>(MISSED, [...of, Number(after || 0), lastSequence, limit])
  const first = after || encodeTime(Math.max(0, since - ID_SLACK_MS))
  const end = until >= LAST_TIME - ID_SLACK_MS ? AFTER_ALL : encodeTime(until + ID_SLACK_MS)
  return db.rows<Row>(OF_QUEUE, [...of, queueId, first, end, limit])
}

async function matchingOf(db: Db, rows: readonly Row[], running: Running): Promise<Row[]> {
  const { organizationId, queueId, listenerId, since, until, lastSequence, status } = running
  const meant = rows.filter((row) => {
    return row.meant && row.createdAt >= since && row.createdAt < until && row.sequence <= lastSequence
  })
  if (status === null) return meant
  const summaries = await summariesOf(
    db,
    meant.map((row) => ({ ...row, organizationId, queueId })),
  )
  return meant.filter((_, index) => {
    const summary = summaries[index]!.find((it) => it.listenerId === listenerId)
    return (summary?.status ?? 'delivered') === status
  })
}
