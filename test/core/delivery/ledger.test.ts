import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type StandingCounts, tallyOf } from '../../../src/core/delivery/ledger.ts'

const COUNTS: StandingCounts = {
  ...{ accepted: 45, delivered: 1, pending: 2, scheduled: 3, missed: 4, deleted: 5, expired: 6, retention: 9 },
  ...{ nothing: 7, twice: 8 },
}

test('of a listener that is there, what stands in no way or in two is unaccounted', () => {
  assert.deepEqual(tallyOf(COUNTS, false), {
    ...{ accepted: 45, delivered: 1, pending: 2, scheduled: 3, missed: 4, deleted: 5, expired: 6, retention: 9 },
    ...{ listenerDeleted: 0, unaccounted: 15 },
  })
})

test('what had no end when its listener was deleted has one by that', () => {
  assert.deepEqual(tallyOf(COUNTS, true), {
    ...{ accepted: 45, delivered: 1, pending: 0, scheduled: 0, missed: 0, deleted: 5, expired: 6, retention: 9 },
    ...{ listenerDeleted: 16, unaccounted: 8 },
  })
})
