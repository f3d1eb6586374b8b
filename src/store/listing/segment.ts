import { decodeNumber, encodeNumber, ID_LENGTH } from '../../core/id.ts'
import {
  categoryOf,
  EVENT_TYPES,
  type EventCategory,
  type EventType,
  type UsageEvent,
} from '../../core/telemetry/event.ts'
import { eventId } from '../../core/telemetry/event-id.ts'

/**
 * A segment holds the events of one commit, of one organization in one category, as lines of text. A line that begins
 * with a sign is an event: the sign, the subject's id, and its name where it has one; of an acknowledged delivery the
 * bucket of its latency comes before the id, and after the name, behind a tab, comes a reason where there is one. Any other line says where the events below it belong: the id of a queue,
 * then that of a listener where a delivery is told of. No name holds a line break (`core/name.ts`).
 */
export interface Segment {
  segment: number
  category: EventCategory
  storedAt: number
  entries: string
}

/** An event as a segment says it, without what follows from where it lies. */
export interface Entry {
  type: EventType
  subject: { id: string; name: string | null }
  /** Why it happened, where the server did it by itself. */
  reason: string | null
  queueId: string | null
  /** To whom it was delivered, where it was. */
  listenerId: string | null
  /** The bucket of an acknowledged delivery's latency. */
  latency: number | null
}

const SIGNS: Record<EventType, string> = {
  api_key_added: '+',
  api_key_updated: '*',
  api_key_deleted: '-',
  queue_added: '+',
  queue_updated: '*',
  queue_deleted: '-',
  listener_added: '+',
  listener_updated: '*',
  listener_deleted: '-',
  message_added: '+',
  message_published_ok: '.',
  message_published_not_ok: '!',
}

const TYPES = new Map(EVENT_TYPES.map((type) => [`${categoryOf(type)} ${SIGNS[type]}`, type]))
const LATENCY_CHARS = 2
/** No name holds one. */
const BEFORE_REASON = '\t'
/** Written a million times a minute, so not made a million times. */
const LATENCIES = Array.from({ length: 256 }, (_, bucket) => encodeNumber(bucket, LATENCY_CHARS))

/** The line of an event, of a key, a queue or a listener, with its reason where it has one. */
export function reasonedLineOf(type: EventType, id: string, name: string | null, reason: string | null): string {
  return `${SIGNS[type]}${id}${name ?? ''}${reason === null ? '' : `${BEFORE_REASON}${reason}`}\n`
}

/** The line of an event. */
export function lineOf(type: EventType, id: string, name: string | null, latency: number | null = null): string {
  const before = latency === null ? SIGNS[type] : SIGNS[type] + LATENCIES[latency]
  return name === null ? `${before}${id}\n` : `${before}${id}${name}\n`
}

/** The line that says where the events below it belong. */
export function placeLine(queueId: string, listenerId: string): string {
  return `${queueId}${listenerId}\n`
}

/** What a segment says, line by line. */
export function entriesOf({ category, entries }: Pick<Segment, 'category' | 'entries'>): Entry[] {
  const found: Entry[] = []
  let queueId: string | null = null
  let listenerId: string | null = null
  for (const line of entries.split('\n').slice(0, -1)) {
    const type = TYPES.get(`${category} ${line[0]}`)
    if (type === undefined) {
      queueId = line.slice(0, ID_LENGTH)
      listenerId = line.slice(ID_LENGTH) || null
    } else found.push({ ...readLine(type, line), type, queueId, listenerId })
  }
  return found
}

/** The events of a segment, oldest first. */
export function eventsOf(it: Segment, organizationId: string): UsageEvent[] {
  const { segment, storedAt } = it
  return entriesOf(it).map(({ latency: _, ...entry }, index) => {
    return { ...entry, id: eventId({ storedAt, segment, index }), storedAt, organizationId }
  })
}

function readLine(type: EventType, line: string): Pick<Entry, 'subject' | 'reason' | 'latency'> {
  const start = type === 'message_published_ok' ? 1 + LATENCY_CHARS : 1
  const latency = start > 1 ? decodeNumber(line.slice(1, start)) : null
  const end = start + ID_LENGTH
  const [name, reason = null] = line.slice(end).split(BEFORE_REASON)
  return { subject: { id: line.slice(start, end), name: name || null }, reason, latency }
}
