import { addLatencies, addLatency, type Latencies, latencyBucket } from '../../core/delivery/latency.ts'
import type { Message } from '../../core/delivery/message.ts'
import { lineOf, placeLine } from '../listing/segment.ts'

type MessageFacts = Pick<Message, 'id' | 'organizationId' | 'queueId' | 'name'>

/** What happened to the messages of one queue, or on their way to one listener of it. */
export interface MessageTally {
  organizationId: string
  queueId: string
  /** Empty for the queue itself. */
  listenerId: string
  added: number
  ok: number
  notOk: number
  /** Empty where nothing was acknowledged. */
  latencies: Latencies
}

/** What one transaction did to a queue or listener, with its events as lines of a segment. */
interface Part {
  tally: MessageTally
  lines: string
}

/** The events of one transaction and organization, and how many they are. */
export interface SegmentText {
  entries: string
  events: number
}

/** Gathers what a transaction does with messages, so that it is written once a transaction and not once a message. */
export class UsageChanges {
  readonly #parts = new Map<string, Part>()

  added({ id, organizationId, queueId, name }: MessageFacts): void {
    const part = this.#part(queueId, organizationId, queueId, '')
    part.lines += lineOf('message_added', id, name)
    part.tally.added += 1
  }

  /** An attempt that was acknowledged, so many milliseconds after the message was due; or one that was not (null). */
  published({ id, organizationId, queueId, name }: MessageFacts, listenerId: string, latencyMs: number | null): void {
    const part = this.#part(listenerId, organizationId, queueId, listenerId)
    if (latencyMs === null) {
      part.lines += lineOf('message_published_not_ok', id, name)
      part.tally.notOk += 1
    } else {
      const bucket = latencyBucket(latencyMs)
      part.lines += lineOf('message_published_ok', id, name, bucket)
      part.tally.ok += 1
      addLatency(part.tally.latencies, bucket, 1)
    }
  }

  /** Each organization's segment: its text, and how many events it tells of. */
  segments(): Map<string, SegmentText> {
    const segments = new Map<string, SegmentText>()
    for (const { tally, lines } of this.#parts.values()) {
      const { entries, events } = segments.get(tally.organizationId) ?? { entries: '', events: 0 }
      segments.set(tally.organizationId, {
        entries: entries + placeLine(tally.queueId, tally.listenerId) + lines,
        events: events + tally.added + tally.ok + tally.notOk,
      })
    }
    return segments
  }

  *tallies(): Generator<MessageTally> {
    for (const { tally } of this.#parts.values()) yield tally
  }

  #part(key: string, organizationId: string, queueId: string, listenerId: string): Part {
    let part = this.#parts.get(key)
    if (part === undefined) {
      part = { tally: emptyTally(organizationId, queueId, listenerId), lines: '' }
      this.#parts.set(key, part)
    }
    return part
  }
}

export function emptyTally(organizationId: string, queueId: string, listenerId: string): MessageTally {
  return { organizationId, queueId, listenerId, added: 0, ok: 0, notOk: 0, latencies: [] }
}

export function addTally(sum: MessageTally, more: MessageTally): void {
  sum.added += more.added
  sum.ok += more.ok
  sum.notOk += more.notOk
  addLatencies(sum.latencies, more.latencies)
}
