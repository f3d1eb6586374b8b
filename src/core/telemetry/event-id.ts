import { decodeNumber, encodeNumber, encodeTime, ID_LENGTH, isId, TIME_CHARS } from '../id.ts'

/**
 * Where an event lies: events are stored by the segment, all of one commit in one, in order. Newer events have
 * greater places, compared by time, then segment, then index.
 */
export interface EventPosition {
  storedAt: number
  /** At most 2^53. */
  segment: number
  /** Within the segment, from 0. */
  index: number
}

const SEGMENT_CHARS = 9
const INDEX_CHARS = ID_LENGTH - TIME_CHARS - SEGMENT_CHARS

/** An id like every other, whose last twelve characters are no chance: they say where the event lies. */
export function eventId({ storedAt, segment, index }: EventPosition): string {
  return encodeTime(storedAt) + encodeNumber(segment, SEGMENT_CHARS) + encodeNumber(index, INDEX_CHARS)
}

/** The place that an event's id says, whether or not anything is there (any more); null for what cannot be one. */
export function positionOfEvent(id: string): EventPosition | null {
  if (!isId(id)) return null
  const storedAt = decodeNumber(id.slice(0, TIME_CHARS))
  const segment = decodeNumber(id.slice(TIME_CHARS, TIME_CHARS + SEGMENT_CHARS))
  const index = decodeNumber(id.slice(TIME_CHARS + SEGMENT_CHARS))
  return Number.isSafeInteger(storedAt) && Number.isSafeInteger(segment) ? { storedAt, segment, index } : null
}

const MAX_INDEX = 62 ** INDEX_CHARS - 1

/** The place after a segment's last event. */
export function endOfSegment({ storedAt, segment }: Pick<EventPosition, 'storedAt' | 'segment'>): EventPosition {
  return { storedAt, segment, index: MAX_INDEX }
}

/** How far the numbers of two segments lie apart that are stored a millisecond apart. */
export const SEGMENTS_PER_MS = 62n ** BigInt(SEGMENT_CHARS)

/** Where a segment lies as a number: numbers sort as the segments do. */
export function segmentNumber({ storedAt, segment }: Pick<EventPosition, 'storedAt' | 'segment'>): bigint {
  return BigInt(storedAt) * SEGMENTS_PER_MS + BigInt(segment)
}

/** The place before a segment's first event; there need not be such a segment. */
export function placeOfSegment(number: bigint): EventPosition {
  const segment = Number(number % SEGMENTS_PER_MS)
  return { storedAt: Number(number / SEGMENTS_PER_MS), segment: Math.min(segment, Number.MAX_SAFE_INTEGER), index: 0 }
}
