import { setImmediate } from 'node:timers/promises'
import type { Message } from '../../core/delivery/message.ts'
import { dataFits } from '../../core/search/data-search.ts'
import {
  asksForContent,
  asksForDeliveries,
  fitsByDeliveries,
  type MessageFilter,
} from '../../core/search/message-filter.ts'
import type { MessageDetails, MessageSearchPart, MessageStore } from '../../store/messages.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { stored } from '../connect/text.ts'
import { summariesOf } from './delivery-summaries.ts'
import { MESSAGE_COLUMNS, messageOf } from './message-row.ts'
import { type Candidate, lookAt } from './search-candidates.ts'

/** By `any`, so that it is only ever gone from a candidate to its message: see routines/commit_batch.sql. */
const READ = `
  select ${MESSAGE_COLUMNS} from unnest($1::bigint[]) u(sequence)
    join discue.messages m on m.sequence = any(array[u.sequence])`

/**
 * How long the data of each is, and whether it holds the text; that is looked for in no more than so many bytes. Bytes are
 * kept as base64, in which no text is looked for.
 */
export const CONTENT = `
  select s.id, s.bytes,
         case when s.before >= $3 then null else s.is_text and ($2::text is null or strpos(s.data, $2) > 0) end as holds
    from (select m.id, m.data, octet_length(m.data) as bytes,
                 m.media_type is null or m.media_type not like '%;base64' as is_text,
                 sum(octet_length(m.data)) over (order by u.place) - octet_length(m.data) as before
            from unnest($1::bigint[]) with ordinality u(sequence, place)
            join discue.messages m on m.sequence = any(array[u.sequence])) s`

/** Data that is parsed before other work of the process has its turn. */
const PARSED_AT_ONCE = 256 * 1024

type Ask = Parameters<MessageStore['search']>[0]

/** Finds messages by what they are, the newest first, looking at a bounded number of them. */
export async function search(db: Db, ask: Ask): Promise<MessageSearchPart> {
  const { filter, limit, examine, now } = ask
  const all = await lookAt(db, ask)
  const content = asksForContent(filter) ? await contentOf(db, ask, all) : null
  const looked = content === null ? all : all.slice(0, content.looked)
  const fitting = looked.filter((candidate) => fits(candidate, ask) && (content?.holds.has(candidate.id) ?? true))
  const summaries = await summariesOf(db, fitting)
  const found = fitting
    .map((candidate, index) => ({ candidate, deliveries: summaries[index]! }))
    .filter(({ candidate, deliveries }) => {
      return !asksForDeliveries(filter) || fitsByDeliveries(candidate, deliveries, filter, now)
    })
    .slice(0, limit)
  const messages = await read(
    db,
    found.map(({ candidate }) => candidate),
  )
  const entries = found.map(({ candidate, deliveries }): MessageDetails => {
    return { message: messages.get(candidate.id)!, deliveries }
  })
  const part = { entries, looked: looked.length, bytes: content?.bytes ?? 0 }
  if (found.length === limit) return { ...part, next: found.at(-1)!.candidate.id }
  const isCut = looked.length < all.length || all.length === examine
  return { ...part, next: isCut ? looked.at(-1)!.id : null }
}

function fits({ id, queueId, key, name }: Candidate, { filter, only }: Ask): boolean {
  if (filter.key !== null && key !== filter.key) return false
  if (filter.name !== null && name !== filter.name) return false
  return only === null || only.includes(queueId) || only.includes(id)
}

interface Content {
  /** How many of the candidates were looked at: up to the one with which the data came to `examineBytes`. */
  looked: number
  bytes: number
  /** The ids of those that hold what is asked for. */
  holds: Set<string>
}

async function contentOf(db: Db, { filter, examineBytes }: Ask, all: readonly Candidate[]): Promise<Content> {
  if (all.length === 0) return { looked: 0, bytes: 0, holds: new Set() }
  const contains = filter.contains === null ? null : stored(filter.contains)
  const rows = await db.rows<{ id: string; bytes: number; holds: boolean | null }>(CONTENT, [
    ...[sequencesOf(all), contains, examineBytes],
  ])
  const judged = new Map(rows.filter(({ holds }) => holds !== null).map((row) => [row.id, row]))
  // One that was deleted meanwhile is no reason to stop.
  const left = new Set(rows.filter(({ holds }) => holds === null).map(({ id }) => id))
  const cut = all.findIndex(({ id }) => left.has(id))
  const bytes = [...judged.values()].reduce((sum, row) => sum + row.bytes, 0)
  const holding = all.filter(({ id }) => judged.get(id)?.holds === true)
  const holds = filter.data.length === 0 ? holding : await withData(db, filter, holding)
  return { looked: cut === -1 ? all.length : cut, bytes, holds: new Set(holds.map(({ id }) => id)) }
}

/** Those whose data fits, which is read and parsed in pieces. */
async function withData(db: Db, filter: MessageFilter, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const messages = await read(db, candidates)
  const found: Candidate[] = []
  let parsed = 0
  for (const candidate of candidates) {
    const data = messages.get(candidate.id)?.data
    if (data === undefined) continue
    if (dataFits(data, filter.data)) found.push(candidate)
    parsed += data.length
    if (parsed < PARSED_AT_ONCE) continue
    parsed = 0
    await setImmediate()
  }
  return found
}

async function read(db: Db, candidates: readonly Candidate[]): Promise<Map<string, Message>> {
  if (candidates.length === 0) return new Map()
  const rows = await db.rows<Message>(READ, [sequencesOf(candidates)])
  return new Map(rows.map((row) => [row.id, messageOf(row)]))
}

function sequencesOf(candidates: readonly Candidate[]): string {
  return numbers(candidates.map(({ sequence }) => sequence))
}
