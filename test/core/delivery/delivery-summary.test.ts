import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type DeliveryFacts, type DeliverySummary, summaryOf } from '../../../src/core/delivery/delivery-summary.ts'

const NOTHING: DeliveryFacts = {
  listenerId: 'l',
  listenerExists: true,
  deliverAt: 500,
  waiting: undefined,
  isMissed: false,
  isExpired: false,
  isDiscarded: false,
  lastAttempt: undefined,
  isAcknowledged: false,
}
const failed = { lastAttempt: { number: 3, startedAt: 700 } }
const acknowledged = { ...failed, isAcknowledged: true }
const deleted = { listenerExists: false }
const PENDING: DeliverySummary = {
  listenerId: 'l',
  status: 'pending',
  attempts: 0,
  lastAttemptAt: null,
  nextAttemptAt: 500,
}
const TRIED = { ...PENDING, attempts: 3, lastAttemptAt: 700, nextAttemptAt: null }

describe('a delivery', () => {
  const cases: [string, Partial<DeliveryFacts>, DeliverySummary][] = [
    [
      'that waits for its time is pending',
      { waiting: { dueAt: 900, attempts: 0 } },
      { ...PENDING, nextAttemptAt: 900 },
    ],
    ['of which nothing is stored yet is pending, due with its message', {}, PENDING],
    [
      'that waits for its turn is pending, due at no time',
      { waiting: { dueAt: null, attempts: null } },
      { ...PENDING, nextAttemptAt: null },
    ],
    [
      'that failed and waits again is pending',
      { ...failed, waiting: { dueAt: 900, attempts: 3 } },
      { ...TRIED, status: 'pending', nextAttemptAt: 900 },
    ],
    [
      'that was delivered and begins again is pending',
      { ...acknowledged, waiting: { dueAt: 900, attempts: 3 } },
      { ...TRIED, status: 'pending', nextAttemptAt: 900 },
    ],
    ['that was acknowledged is delivered', acknowledged, { ...TRIED, status: 'delivered' }],
    ['that was given up is missed', { ...failed, isMissed: true }, { ...TRIED, status: 'missed' }],
    [
      'that was delivered once and missed when it began again is missed',
      { ...acknowledged, isMissed: true },
      { ...TRIED, status: 'missed' },
    ],
    ['of a deleted listener is discarded', deleted, { ...PENDING, status: 'discarded', nextAttemptAt: null }],
    [
      'of a deleted listener that had it is delivered',
      { ...deleted, ...acknowledged },
      { ...TRIED, status: 'delivered' },
    ],
    [
      'of a deleted listener that had failed is discarded',
      { ...deleted, ...failed },
      { ...TRIED, status: 'discarded' },
    ],
    [
      'of a deleted listener whose rows are still to be removed is discarded',
      { ...deleted, isMissed: true, waiting: { dueAt: 900, attempts: 3 } },
      { ...PENDING, status: 'discarded', nextAttemptAt: null },
    ],
  ]
  for (const [what, facts, summary] of cases) {
    test(what, () => assert.deepEqual(summaryOf({ ...NOTHING, ...facts }), summary))
  }
})
