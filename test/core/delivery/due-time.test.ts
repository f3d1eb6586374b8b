import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dueTimeFault, dueTimeOf, MAX_DELAY_MS } from '../../../src/core/delivery/due-time.ts'

const NOW = 1_700_000_000_000

test('a message is due at its time or after its delay, and at once without either', () => {
  assert.equal(dueTimeOf({}, NOW), NOW)
  assert.equal(dueTimeOf({ delayMs: 0 }, NOW), NOW)
  assert.equal(dueTimeOf({ delayMs: 5 }, NOW), NOW + 5)
  assert.equal(dueTimeOf({ deliverAt: NOW + 7 }, NOW), NOW + 7)
})

test('a time that is over means now', () => {
  for (const deliverAt of [0, NOW - 1, NOW]) assert.equal(dueTimeOf({ deliverAt }, NOW), NOW)
})

test('366 days ahead is the furthest, and only one of both can be asked for', () => {
  assert.equal(MAX_DELAY_MS, 31_622_400_000)
  assert.equal(dueTimeFault({ deliverAt: NOW + MAX_DELAY_MS }, NOW), null)
  assert.equal(dueTimeFault({ deliverAt: NOW + MAX_DELAY_MS + 1 }, NOW)?.path, '/deliver_at')
  assert.equal(dueTimeFault({ deliverAt: NOW, delayMs: 0 }, NOW, '/messages/3')?.path, '/messages/3/delay')
  for (const ask of [{}, { delayMs: 1 }, { deliverAt: 1e12 }]) assert.equal(dueTimeFault(ask, NOW), null)
})

test('a time before 2001 is in seconds, and says so', () => {
  for (const deliverAt of [0, 1, NOW / 1000, 1e12 - 1]) {
    const fault = dueTimeFault({ deliverAt }, NOW, '/messages/3')
    assert.deepEqual([fault?.path, /milliseconds/.test(fault!.message)], ['/messages/3/deliver_at', true])
  }
})
