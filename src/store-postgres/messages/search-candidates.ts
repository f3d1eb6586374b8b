import type { Message } from '../../core/delivery/message.ts'
import { AFTER_EVERY_ID, decodeNumber, encodeTime, TIME_CHARS } from '../../core/id.ts'
import type { MessageFilter } from '../../core/search/message-filter.ts'
import type { MessageStore } from '../../store/messages.ts'
import type { Db } from '../connect/session.ts'
import { restored, stored } from '../connect/text.ts'
import { onlyOf } from '../listing.ts'

/** Without the data, which may be large. */
const CANDIDATE = `
  m.id, m.organization_id as "organizationId", m.queue_id as "queueId", m.name, m.key, m.sequence,
  m.created_at as "createdAt", m.deliver_at as "deliverAt"`

const inQueue = (where: string) => `
  select ${CANDIDATE} from discue.messages m
   where m.organization_id = $1 and m.queue_id = $2 and m.id >= $3 and m.id < $4 ${where}
     and exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2)
   order by m.id desc limit $5`

/** Each queue is read from its newest on. */
const inAll = (where: string) => `
  select m.* from discue.queues q cross join lateral (
     select ${CANDIDATE} from discue.messages m
      where m.organization_id = $1 and m.queue_id = q.id and m.id >= $3 and m.id < $4 ${where}
        and ($2::text[] is null or q.id = any($2) or m.id = any($2))
      order by m.id desc limit $5) m
   where q.organization_id = $1
   order by m.id desc limit $5`

const BY_NAME = 'and m.name = $6'
const BY_KEY = 'and m.key = $6'
const IN_QUEUE = { any: inQueue(''), name: inQueue(BY_NAME), key: inQueue(BY_KEY) }
export const IN_ALL = { any: inAll(''), name: inAll(BY_NAME), key: inAll(BY_KEY) }

export type Candidate = Pick<
  Message,
  'id' | 'organizationId' | 'queueId' | 'name' | 'key' | 'sequence' | 'createdAt' | 'deliverAt'
>
type Ask = Parameters<MessageStore['search']>[0]

/** The next messages that a search looks at, the newest first. */
export async function lookAt(db: Db, ask: Ask): Promise<Candidate[]> {
  const { organizationId, queueId, filter, from, before, examine } = ask
  const { by, value } = indexOf(filter)
  if (queueId === null) return lookAtAll(db, ask)
  return candidates(db, IN_QUEUE[by], [organizationId, queueId, from, before, examine, ...value])
}

/** The first window of time that is looked into, over all queues; each further one is four times as long. */
const FIRST_WINDOW_MS = 60_000
const GROWTH = 4

/**
 * The newest of all queues, by windows of time: of each queue no more is read than lies in the window, however much it has.
 */
async function lookAtAll(db: Db, ask: Ask): Promise<Candidate[]> {
  const { organizationId, filter, only, from, before, examine, now } = ask
  const { by, value } = indexOf(filter)
  const found: Candidate[] = []
  let upper = before
  for (let window = FIRST_WINDOW_MS; ; window *= GROWTH) {
    const lower = laterOf(from, idBefore(upper, window, now))
    const part = [organizationId, onlyOf(only), lower, upper, examine - found.length, ...value]
    found.push(...(await candidates(db, IN_ALL[by], part)))
    if (found.length === examine || lower === from) return found
    upper = lower
  }
}

/** About the id of what was made so long before another, or before now. */
function idBefore(id: string, ms: number, now: number): string {
  const time = id === AFTER_EVERY_ID ? now : decodeNumber(id.slice(0, TIME_CHARS))
  return time <= ms ? '' : encodeTime(time - ms)
}

function laterOf(one: string, other: string): string {
  return one > other ? one : other
}

function indexOf({ name, key }: MessageFilter): { by: 'name' | 'key' | 'any'; value: string[] } {
  if (name !== null) return { by: 'name', value: [stored(name)] }
  return key !== null ? { by: 'key', value: [stored(key)] } : { by: 'any', value: [] }
}

async function candidates(db: Db, sql: string, values: (string | number | null)[]): Promise<Candidate[]> {
  const rows = await db.rows<Candidate>(sql, values)
  return rows.map((row) => ({ ...row, key: row.key === null ? null : restored(row.key) }))
}
