import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isId } from '../../../src/core/id.ts'
import { eventId, positionOfEvent } from '../../../src/core/telemetry/event-id.ts'

fc.configureGlobal({ seed: 48 })

const place = fc.record({
  storedAt: fc.integer({ min: 0, max: 2 ** 48 }),
  segment: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  index: fc.integer({ min: 0, max: 62 ** 3 - 1 }),
})

test('an event id is an id, and leads back to the place that it was made of', () => {
  fc.assert(
    fc.property(place, (it) => {
      assert.ok(isId(eventId(it)))
      assert.deepEqual(positionOfEvent(eventId(it)), { ...it })
    }),
  )
})

test('event ids sort as their places do: by time, then by segment, then by index', () => {
  const keys = ['storedAt', 'segment', 'index'] as const
  fc.assert(
    fc.property(place, place, fc.nat(3), (a, b, same) => {
      for (const key of keys.slice(0, same)) b[key] = a[key]
      const first = keys.find((key) => a[key] !== b[key])
      const expected = first === undefined ? 0 : Math.sign(a[first] - b[first])
      const [idA, idB] = [eventId(a), eventId(b)]
      assert.equal(idA < idB ? -1 : idA > idB ? 1 : 0, expected)
    }),
  )
})

test('what cannot be the id of an event has no place', () => {
  for (const text of ['', '0', 'z'.repeat(20), 'z'.repeat(21), `${'0'.repeat(20)}-`])
    assert.equal(positionOfEvent(text), null)
})
