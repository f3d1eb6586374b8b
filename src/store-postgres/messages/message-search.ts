import { type Message, statusOf } from '../../core/delivery/message.ts'
import type { MessageDetails, MessageFilter, MessageStore } from '../../store/messages.ts'
import { texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { restored, stored } from '../connect/text.ts'
import { summariesOf } from './delivery-summaries.ts'
import { MESSAGE_COLUMNS, messageOf } from './message-row.ts'

/** Without the data, which may be large. */
const candidates = (where: string) => `
  select m.id, m.organization_id as "organizationId", m.queue_id as "queueId", m.key, m.sequence,
         m.created_at as "createdAt", m.deliver_at as "deliverAt"
    from discue.messages m
   where m.organization_id = $1 and m.queue_id = $2 and m.id >= $3 and m.id < $4 ${where}
     and exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2)
   order by m.id desc limit $5`

const ANY = candidates('')
const BY_NAME = candidates('and m.name = $6')
const BY_KEY = candidates('and m.key = $6')

const READ = `
  select ${MESSAGE_COLUMNS} from discue.messages m where m.organization_id = $1 and m.queue_id = $2 and m.id = any($3)`

type Candidate = Pick<Message, 'id' | 'organizationId' | 'queueId' | 'key' | 'sequence' | 'createdAt' | 'deliverAt'>
type Ask = Parameters<MessageStore['search']>[0]

/** Finds messages of a queue by what they are, the newest first, looking at a bounded number of them. */
export async function search(db: Db, ask: Ask): ReturnType<MessageStore['search']> {
  const { filter, limit, examine, now } = ask
  const looked = await look(db, ask)
  const fitting = looked.filter((candidate) => fits(candidate, ask))
  const summaries = await summariesOf(db, fitting)
  const found: { candidate: Candidate; deliveries: MessageDetails['deliveries'] }[] = []
  for (const [index, candidate] of fitting.entries()) {
    const deliveries = summaries[index]!
    if (filter.status !== null && statusOf(candidate, deliveries, now) !== filter.status) continue
    found.push({ candidate, deliveries })
    if (found.length === limit) break
  }
  const messages = await read(
    db,
    ask,
    found.map(({ candidate }) => candidate.id),
  )
  const entries = found.map(({ candidate, deliveries }) => ({ message: messages.get(candidate.id)!, deliveries }))
  if (found.length === limit) return { entries, next: found.at(-1)!.candidate.id }
  return { entries, next: looked.length === examine ? looked.at(-1)!.id : null }
}

async function look(db: Db, { organizationId, queueId, filter, from, before, examine }: Ask): Promise<Candidate[]> {
  const place = [organizationId, queueId, from, before, examine]
  const rows = await rowsBy(db, filter, place)
  return rows.map((row) => ({ ...row, key: row.key === null ? null : restored(row.key) }))
}

function rowsBy(db: Db, { name, key }: MessageFilter, place: (string | number)[]): Promise<Candidate[]> {
  if (name !== null) return db.rows<Candidate>(BY_NAME, [...place, stored(name)])
  return key !== null ? db.rows<Candidate>(BY_KEY, [...place, stored(key)]) : db.rows<Candidate>(ANY, place)
}

function fits({ id, key }: Candidate, { filter, only, queueId }: Ask): boolean {
  if (filter.key !== null && key !== filter.key) return false
  return only === null || only.includes(queueId) || only.includes(id)
}

async function read(db: Db, { organizationId, queueId }: Ask, ids: readonly string[]): Promise<Map<string, Message>> {
  if (ids.length === 0) return new Map()
  const rows = await db.rows<Message>(READ, [organizationId, queueId, texts(ids)])
  return new Map(rows.map((row) => [row.id, messageOf(row)]))
}
