import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SseClient } from '../../src/app/streams/sse-client.ts'
import type { EventType, UsageEvent } from '../../src/core/telemetry/event.ts'
import { type EventDigest, emptyDigest, joined, MAX_DIGEST_EVENTS } from '../../src/core/telemetry/event-digest.ts'

function eventOf(number: number): UsageEvent {
  const id = `event-${String(number).padStart(6, '0')}`
  const subject = { id: 'm', name: null }
  return {
    id,
    type: 'message_added',
    storedAt: number,
    organizationId: 'o',
    subject,
    queueId: 'q',
    listenerId: null,
    reason: null,
  }
}

/** A digest of some messages that were added, with as many of their events as it takes. */
function digestOfEvents(at: number, numbers: number[]): EventDigest {
  const events = numbers.map(eventOf).reverse()
  const counts = { ...emptyDigest(at).counts, message_added: numbers.length } as Record<EventType, number>
  const shown = events.slice(0, MAX_DIGEST_EVENTS)
  return { at, counts, events: shown, omitted: events.length - shown.length, gap: false }
}

/** An SSE client that writes what it is told as numbers, onto a wire that may be full. */
function watched() {
  const written: string[] = []
  const wire = { full: false, ended: false }
  const sink = {
    write(text: string) {
      written.push(text)
      return !wire.full
    },
    end() {
      wire.ended = true
    },
  }
  const textOf = ({ counts, omitted, events }: EventDigest) => `${counts.message_added}/${events.length}/${omitted}`
  const sseClient = new SseClient(sink, { textOf, now: 0 })
  const offer = (eventDigest: EventDigest) => sseClient.offer(eventDigest, textOf(eventDigest))
  return { sseClient, written, wire, offer }
}

test('what comes before an SSE client has begun is written after what it had missed, as one', () => {
  const { sseClient, written, offer } = watched()
  offer(digestOfEvents(1, [3]))
  assert.deepEqual(written, [])
  sseClient.begin(digestOfEvents(0, [1, 2]), 2)
  assert.deepEqual(written, ['3/3/0'])
})

test('a quick SSE client gets each digest as it was written for all', () => {
  const { sseClient, written, offer } = watched()
  sseClient.begin(emptyDigest(0), 0)
  offer(digestOfEvents(1, [1]))
  offer(digestOfEvents(2, [2, 3]))
  assert.deepEqual(written, ['1/1/0', '2/2/0'])
})

test('a slow SSE client gets one digest for all that it was too slow for, with the newest events and no count lost', () => {
  const { sseClient, written, wire, offer } = watched()
  sseClient.begin(emptyDigest(0), 0)
  wire.full = true
  offer(digestOfEvents(1, [0]))
  for (let number = 1; number <= 10_000; number++) offer(digestOfEvents(number, [number, number]))
  assert.equal(written.length, 1)
  wire.full = false
  sseClient.ready(10_001)
  assert.deepEqual(written.slice(1), [`20000/${MAX_DIGEST_EVENTS}/${20_000 - MAX_DIGEST_EVENTS}`])
  sseClient.ready(10_002)
  assert.equal(written.length, 2)
})

test('silence is broken by a comment every 15 s, and an SSE client that takes nothing for a minute is given up', () => {
  const { sseClient, written, wire } = watched()
  sseClient.begin(emptyDigest(0), 0)
  assert.equal(sseClient.tick(14_999), true)
  assert.deepEqual(written, [])
  sseClient.tick(15_000)
  assert.deepEqual(written, [': still here\n\n'])
  sseClient.tick(29_999)
  assert.equal(written.length, 1)
  wire.full = true
  sseClient.tick(30_000)
  assert.equal(sseClient.tick(89_999), true)
  assert.equal(sseClient.tick(90_000), false)
})

test('joining digests keeps their order, and adds up what is left out', () => {
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
  const both = joined(digestOfEvents(1, range(0, 60)), digestOfEvents(2, range(60, 130)))
  assert.equal(both.counts.message_added, 130)
  assert.equal(both.omitted, 130 - MAX_DIGEST_EVENTS)
  assert.deepEqual(
    both.events.map(({ storedAt }) => storedAt),
    range(80, 130).reverse(),
  )
  assert.equal(both.at, 2)
})
