import type { DatabaseSync } from 'node:sqlite'
import { addLatency } from '../../core/delivery/latency.ts'
import { categoryOf, EVENT_TYPES, type EventType } from '../../core/telemetry/event.ts'
import { bucketStart } from '../../core/telemetry/stats.ts'
import { emptyTally, type UsageChanges } from '../../store/commit/usage-changes.ts'
import { entriesOf, placeLine, reasonedLineOf } from '../../store/listing/segment.ts'
import { StoreUnavailable } from '../../store/store.ts'
import type { Transact } from '../transaction.ts'
import { createMessageCounts, TallySum } from './message-counts.ts'

/** How long counts of messages may wait in memory, and in how many commits; what waits is counted again after a crash. */
const COUNT_EVERY_MS = 1_000
const COUNT_EVERY_COMMITS = 500

const INSERT_SEGMENT = `
  insert into event_segments (organization_id, category, stored_at, entries, events) values (?, ?, ?, ?, ?)`

/** `type` is one of ours and no caller's text. */
const countOne = (type: EventType) => `
  insert into stats (bucket, organization_id, subject_id, listener_id, ${type}) values (?, ?, ?, ?, 1)
  on conflict do update set ${type} = ${type} + 1`

/** Every segment up to here is in the counts. */
const READ_COUNTED = `select value from notes where name = 'segments_counted'`
const WRITE_COUNTED = `insert or replace into notes (name, value) values ('segments_counted', ?)`

const UNCOUNTED = `
  select segment, organization_id as organizationId, category, stored_at as storedAt, entries
    from event_segments where segment > ? and category = 'messages' order by segment`

/** Something that happened to a key, a queue or a listener. */
export interface Happening {
  type: EventType
  organizationId: string
  id: string
  name: string | null
  /** The queue around it. */
  queueId: string | null
  /** Why, where no client asked for it. */
  reason?: string | undefined
}

/** What commits have done since the counts were last written. It is all of the same five minutes. */
interface Uncounted {
  bucket: number
  since: number
  commits: number
  lastSegment: number
  sum: TallySum
}

export type Usage = ReturnType<typeof createUsage>

/**
 * Writes events, and counts them. A segment is written with each commit; the counts of messages only once a second,
 * because they follow from the segments: what was not counted when the process ended is counted at the next start.
 */
export function createUsage(db: DatabaseSync, transact: Transact) {
  const [insertSegment, writeCounted] = [db.prepare(INSERT_SEGMENT), db.prepare(WRITE_COUNTED)]
  const counters = new Map(EVENT_TYPES.map((type) => [type, db.prepare(countOne(type))]))
  const countMessages = createMessageCounts(db)
  let uncounted: Uncounted | null = null
  /** What an earlier process has written and not counted, where the disk had no room for its counts either. */
  let left: { counts: [bucket: number, TallySum][]; lastSegment: number } = { counts: [], lastSegment: 0 }

  /** All that waits, of which nothing may be left out: the segments are in the counts up to the last of all. */
  function waiting(): [bucket: number, TallySum][] {
    return uncounted === null ? left.counts : [...left.counts, [uncounted.bucket, uncounted.sum]]
  }

  function forgetWaiting(): void {
    left = { counts: [], lastSegment: 0 }
    uncounted = null
  }

  function writeCounts(counts: Iterable<[bucket: number, TallySum]>, lastSegment: number): void {
    for (const [bucket, sum] of counts) countMessages(bucket, sum)
    writeCounted.run(String(lastSegment))
  }

  /** Counts, or has it counted later. What it answers with belongs after the transaction, which may yet fail. */
  function count(changes: UsageChanges, now: number, lastSegment: number): () => void {
    const bucket = bucketStart(now)
    if (uncounted !== null && isDue(uncounted, now)) {
      const sum = new TallySum()
      for (const tally of changes.tallies()) sum.add(tally)
      writeCounts([...waiting(), [bucket, sum]], lastSegment)
      return forgetWaiting
    }
    return () => {
      uncounted ??= { bucket, since: now, commits: 0, lastSegment, sum: new TallySum() }
      uncounted.commits += 1
      uncounted.lastSegment = lastSegment
      for (const tally of changes.tallies()) uncounted.sum.add(tally)
    }
  }

  function countNow(): void {
    const counts = waiting()
    if (counts.length === 0) return
    transact(() => writeCounts(counts, uncounted?.lastSegment ?? left.lastSegment))
    forgetWaiting()
  }

  /** Counts what an earlier process has written and not counted; on a full disk with the next that can be counted. */
  function recount(): void {
    const counted = Number((db.prepare(READ_COUNTED).get() as { value: string } | undefined)?.value ?? 0)
    const buckets = new Map<number, TallySum>()
    let lastSegment = counted
    for (const row of db.prepare(UNCOUNTED).iterate(counted) as unknown as Iterable<SegmentRow>) {
      const bucket = bucketStart(row.storedAt)
      const sum = buckets.get(bucket) ?? new TallySum()
      buckets.set(bucket, sum)
      for (const tally of talliesIn(row)) sum.add(tally)
      lastSegment = row.segment
    }
    left = { counts: [...buckets], lastSegment }
    try {
      countNow()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }

  recount()
  return {
    /** One event of a key, a queue or a listener, with its count; within the transaction that it tells of. */
    note({ type, organizationId, id, name, queueId, reason }: Happening, now: number): void {
      const place = queueId === null ? '' : placeLine(queueId, '')
      const line = reasonedLineOf(type, id, name, reason ?? null)
      insertSegment.run(organizationId, categoryOf(type), now, place + line, 1)
      const [bucket, counter] = [bucketStart(now), counters.get(type)!]
      counter.run(bucket, organizationId, '', '')
      counter.run(bucket, organizationId, queueId ?? id, queueId === null ? '' : id)
    },
    /** All that one commit did with messages, within its transaction; call the answer once that is on disk. */
    write(changes: UsageChanges, now: number): () => void {
      let lastSegment: number | null = null
      for (const [organizationId, { entries, events }] of changes.segments()) {
        lastSegment = Number(insertSegment.run(organizationId, 'messages', now, entries, events).lastInsertRowid)
      }
      return lastSegment === null ? () => undefined : count(changes, now, lastSegment)
    },
    /** Writes what waits in memory, before the counts are read. */
    countNow,
  }
}

function isDue({ bucket, since, commits }: Uncounted, now: number): boolean {
  if (bucket !== bucketStart(now) || commits >= COUNT_EVERY_COMMITS) return true
  return Math.abs(now - since) >= COUNT_EVERY_MS
}

interface SegmentRow {
  segment: number
  organizationId: string
  category: 'messages'
  storedAt: number
  entries: string
}

function talliesIn(row: SegmentRow) {
  return entriesOf(row).map(({ type, queueId, listenerId, latency }) => {
    const tally = emptyTally(row.organizationId, queueId!, listenerId ?? '')
    if (type === 'message_added') tally.added = 1
    else if (type === 'message_published_not_ok') tally.notOk = 1
    else tally.ok = 1
    if (latency !== null) addLatency(tally.latencies, latency, 1)
    return tally
  })
}
