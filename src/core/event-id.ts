import { decodeNumber, encodeNumber, encodeTime, ID_LENGTH, isId, TIME_CHARS } from './id.ts'

/**
 * Where an event lies: events are stored by the segment, all of one commit in one, in order. Newer events have
 * greater places, compared by time, then segment, then index.
 */
export interface EventPlace {
  storedAt: number
  /** At most 2^53. */
  segment: number
  /** Within the segment, from 0. */
  index: number
}

const SEGMENT_CHARS = 9
const INDEX_CHARS = ID_LENGTH - TIME_CHARS - SEGMENT_CHARS

/** An id like every other, whose last twelve characters are no chance: they say where the event lies. */
export function eventId({ storedAt, segment, index }: EventPlace): string {
  return encodeTime(storedAt) + encodeNumber(segment, SEGMENT_CHARS) + encodeNumber(index, INDEX_CHARS)
}

/** The place that an event's id says, whether or not anything is there (any more); null for what cannot be one. */
export function placeOfEvent(id: string): EventPlace | null {
  if (!isId(id)) return null
  const storedAt = decodeNumber(id.slice(0, TIME_CHARS))
  const segment = decodeNumber(id.slice(TIME_CHARS, TIME_CHARS + SEGMENT_CHARS))
  const index = decodeNumber(id.slice(TIME_CHARS + SEGMENT_CHARS))
  return Number.isSafeInteger(storedAt) && Number.isSafeInteger(segment) ? { storedAt, segment, index } : null
}
