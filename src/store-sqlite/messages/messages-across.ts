import type { DatabaseSync } from 'node:sqlite'
import { IDS_PER_MS, idNumber, idOfNumber, isId } from '../../core/id.ts'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import { isDeep, seekOffset } from '../../store/listing/offset-seek.ts'
import type { Only } from '../../store/listing/slice.ts'
import { STATEMENT_UNITS, TimeSlices } from '../file/time-slices.ts'
import type { MessageMarks } from './message-marks.ts'

const QUEUE_IDS = `select id from queues where organization_id = ?`
const NEWEST = `select id from messages where queue_id = ? and id < ? order by id desc limit 1`
const NEWEST_NAMED = `select id from messages where queue_id = ? and name = ? and id < ? order by id desc limit 1`
const NEWEST_KEYED = `select id from messages where queue_id = ? and key = ? and id < ? order by id desc limit 1`
const EXISTS = `select 1 from messages where queue_id = ? and id = ?`

/** As many as take some milliseconds. */
const MANY_LOOKS = 5_000

/** Where a message is. */
interface MessageKey {
  queueId: string
  id: string
}

interface Ask {
  organizationId: string
  only: Only
  before: string
  limit: number
  offset: number
  /** Only messages of this name or, where that is null, with this key; without an offset. */
  name?: string | null
  key?: string | null
}

export type MessagesAcross = (ask: Ask) => Promise<MessageKey[]>

/** Some of the messages to be listed, in the order of their ids. */
interface Source {
  /** The newest one below that id. */
  newest(before: string): MessageKey | undefined
  between(from: string, below: string): { messages: number; read: number }
}

/**
 * The newest messages over all queues of an organization, each of which can only be read on its own. Takes the first of
 * each queue, then goes on, one by one, in the queue whose next one is the newest; a page far down is found by counting
 * first. An index over all of an organization's messages would spare this, and cost every accepted message one more
 * write. Other calls do not wait for all of it: it is done in short pieces, and what is far down one listing at a time.
 */
export function createMessagesAcross(db: DatabaseSync, marks: MessageMarks): MessagesAcross {
  const [queueIds, newest, exists] = [db.prepare(QUEUE_IDS), db.prepare(NEWEST), db.prepare(EXISTS)]
  const [newestNamed, newestKeyed] = [db.prepare(NEWEST_NAMED), db.prepare(NEWEST_KEYED)]
  const serialQueue = new SerialQueue()

  function newestOf(queueId: string, before: string, { name = null, key = null }: Ask): { id: string } | undefined {
    const row =
      name !== null
        ? newestNamed.get(queueId, name, before)
        : key !== null
          ? newestKeyed.get(queueId, key, before)
          : newest.get(queueId, before)
    return row as { id: string } | undefined
  }

  function queue(queueId: string, ask: Ask): Source {
    let isMarked: boolean | null = null
    return {
      newest: (before) => {
        const row = newestOf(queueId, before, ask)
        return row === undefined ? undefined : { queueId, id: row.id }
      },
      between: (from, below) => {
        isMarked ??= marks.has(queueId)
        return isMarked ? marks.between(queueId, from, below) : marks.counted(queueId, from, below)
      },
    }
  }

  async function sourcesFor(
    ask: Ask & { only: readonly string[] },
    all: readonly string[],
    slices: TimeSlices,
  ): Promise<Source[]> {
    const { only } = ask
    const seen = new Set(only)
    const queues = new Set(all)
    const single = only.filter((id) => isId(id) && !queues.has(id))
    const found: MessageKey[] = []
    for (const queueId of all) {
      if (seen.has(queueId)) continue
      for (const id of single) {
        if (exists.get(queueId, id) !== undefined) found.push({ queueId, id })
        if (slices.due(STATEMENT_UNITS)) await slices.pause()
      }
    }
    return [...all.filter((id) => seen.has(id)).map((id) => queue(id, ask)), singly(found)]
  }

  async function list(ask: Ask, all: readonly string[]): Promise<MessageKey[]> {
    const slices = new TimeSlices()
    const { only } = ask
    const sources = only === null ? all.map((id) => queue(id, ask)) : await sourcesFor({ ...ask, only }, all, slices)
    const part = isDeep(ask.offset, sources.length) ? await farther(sources, ask, slices) : ask
    return merged(sources, part, slices)
  }

  return async (ask) => {
    const all = queueIds.all(ask.organizationId).map((row) => row.id as string)
    // Where a message is that a key may see by itself is found by looking into every queue.
    const looks = ask.only === null ? 0 : ask.only.length * all.length
    const isLong = isDeep(ask.offset, all.length) || looks > MANY_LOOKS
    return isLong ? serialQueue.take(ask.organizationId, () => list(ask, all)) : list(ask, all)
  }
}

/** Messages that are seen by themselves; few. */
function singly(places: MessageKey[]): Source {
  const sorted = places.sort((a, b) => (a.id < b.id ? 1 : -1))
  return {
    newest: (before) => sorted.find(({ id }) => id < before),
    between: (from, below) => {
      return { messages: sorted.filter(({ id }) => id >= from && id < below).length, read: sorted.length }
    },
  }
}

interface Part {
  before: string
  limit: number
  offset: number
}

/** Tells a part of the listing by a message that is near it, so that a page far down is found by counting. */
async function farther(sources: readonly Source[], part: Part, slices: TimeSlices): Promise<Part> {
  const heads = await headsOf(sources, part.before, slices)
  if (heads.length === 0) return part
  const { below, offset } = await seekOffset({
    newest: idNumber(heads.at(-1)!.place.id),
    perMs: IDS_PER_MS,
    offset: part.offset,
    lists: sources.length,
    async count(from, to) {
      let sum = 0
      for (const source of sources) {
        const { messages, read } = source.between(idOfNumber(from), idOfNumber(to))
        sum += messages
        if (slices.due(read + 3 * STATEMENT_UNITS)) await slices.pause()
      }
      return sum
    },
  })
  return { before: idOfNumber(below), limit: part.limit, offset }
}

interface Head {
  source: Source
  place: MessageKey
}

/** The newest of each source, in order of id, the newest last. */
async function headsOf(sources: readonly Source[], before: string, slices: TimeSlices): Promise<Head[]> {
  const heads: Head[] = []
  for (const source of sources) {
    const place = source.newest(before)
    if (place !== undefined) heads.push({ source, place })
    if (slices.due(STATEMENT_UNITS)) await slices.pause()
  }
  return heads.sort((a, b) => (a.place.id < b.place.id ? -1 : 1))
}

async function merged(sources: readonly Source[], part: Part, slices: TimeSlices): Promise<MessageKey[]> {
  const heads = await headsOf(sources, part.before, slices)
  const places: MessageKey[] = []
  while (heads.length > 0 && places.length < part.offset + part.limit) {
    const { source, place } = heads.pop()!
    places.push(place)
    const following = source.newest(place.id)
    if (following !== undefined) insertSorted(heads, { source, place: following })
    if (slices.due(STATEMENT_UNITS)) await slices.pause()
  }
  return places.slice(part.offset)
}

/** Keeps the heads in order of id, the newest last. */
function insertSorted(heads: Head[], head: Head): void {
  let low = 0
  let high = heads.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (heads[middle]!.place.id < head.place.id) low = middle + 1
    else high = middle
  }
  heads.splice(low, 0, head)
}
