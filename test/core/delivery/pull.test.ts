import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acknowledges } from '../../../src/core/delivery/attempt.ts'
import {
  afterLease,
  decodeReceipt,
  encodeReceipt,
  type LeaseEnd,
  leaseOutcome,
  receiptFault,
} from '../../../src/core/delivery/pull.ts'
import { ID_LENGTH } from '../../../src/core/id.ts'

const RETRY = { maxAttempts: 3, initialDelayMs: 1_000, maxDelayMs: 60_000, multiplier: 4 }
const NOW = 1_700_000_000_000

test('a receipt says what it was made of, and is a text of letters and digits', () => {
  const letters = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']
  const id = fc.array(fc.constantFrom(...letters), { minLength: ID_LENGTH, maxLength: ID_LENGTH })
  const property = fc.property(
    id,
    fc.integer({ min: 0, max: 2 ** 48 }),
    fc.integer({ min: 1, max: 200_000 }),
    (...it) => {
      const receipt = { messageId: it[0].join(''), leaseUntil: it[1], attempt: it[2] }
      const text = encodeReceipt(receipt)
      assert.equal(receiptFault(text), null)
      assert.deepEqual(decodeReceipt(text), receipt)
    },
  )
  fc.assert(property)
})

test('whatever is no receipt is refused', () => {
  const fine = encodeReceipt({ messageId: '0'.repeat(21), leaseUntil: NOW, attempt: 1 })
  for (const text of ['', fine.slice(1), `${fine}0`, `${fine.slice(1)}-`, ` ${fine}`, `${fine}\n`]) {
    assert.notEqual(receiptFault(text), null, JSON.stringify(text))
  }
})

const after = (attempts: number, end: LeaseEnd, attemptsBefore = 0) => {
  const outcome = leaseOutcome(end, { pulledAt: NOW - 500, endedAt: NOW })
  const by = { outcome, retry: RETRY, now: NOW, random: () => 0.5 }
  return afterLease({ attempts, attemptsBefore, dueAt: NOW - 7 }, end, by)
}

test('a lease is an attempt that took as long as the lease', () => {
  const at = { pulledAt: NOW - 500, endedAt: NOW }
  assert.ok(acknowledges(leaseOutcome({ how: 'acknowledged' }, at)))
  for (const end of [{ how: 'returned', delayMs: 5 }, { how: 'lease_expired' }] as const) {
    const outcome = leaseOutcome(end, at)
    assert.equal(acknowledges(outcome), false)
    assert.deepEqual([outcome.error, outcome.startedAt, outcome.durationMs], [end.how, NOW - 500, 500])
  }
  assert.equal(leaseOutcome({ how: 'acknowledged' }, { pulledAt: NOW + 9, endedAt: NOW }).durationMs, 0)
})

test('after a lease a delivery is done, due when its holder says, or at once', () => {
  assert.deepEqual(after(0, { how: 'acknowledged' }), { state: 'acknowledged' })
  assert.deepEqual(after(0, { how: 'returned', delayMs: null }), { state: 'pending', dueAt: NOW + 1_000 })
  assert.deepEqual(after(1, { how: 'returned', delayMs: null }), { state: 'pending', dueAt: NOW + 4_000 })
  assert.deepEqual(after(0, { how: 'returned', delayMs: 0 }), { state: 'pending', dueAt: NOW })
  assert.deepEqual(after(0, { how: 'lease_expired' }), { state: 'pending', dueAt: NOW - 7 })
})

test('the last attempt of a run misses, whatever the holder asked for', () => {
  for (const end of [{ how: 'returned', delayMs: 0 }, { how: 'lease_expired' }] as const) {
    assert.equal(after(2, end).state, 'missed')
    assert.equal(after(2, end, 1).state, 'pending')
    assert.equal(after(3, end, 1).state, 'missed')
  }
  assert.equal(after(2, { how: 'acknowledged' }).state, 'acknowledged')
})
