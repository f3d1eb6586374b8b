import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_SETTINGS, type DeliverySettings } from '../../../src/core/delivery/listener.ts'
import { type WaitFacts, waitReasonOf } from '../../../src/core/search/wait-reason.ts'

const NOW = 1_000

interface Facts extends Partial<WaitFacts['delivery']> {
  settings?: Partial<DeliverySettings>
  notifyUrl?: string | null
  isQueuePaused?: boolean
  holdUp?: WaitFacts['holdUp']
}

function reason({ settings, notifyUrl = 'http://x', isQueuePaused = false, holdUp = null, ...what }: Facts = {}) {
  return waitReasonOf({
    delivery: { dueAt: NOW, attempts: 0, attemptsBefore: 0, isPulled: false, ...what },
    listener: { notifyUrl, settings: { ...DEFAULT_SETTINGS, ...settings } },
    ...{ isQueuePaused, holdUp, now: NOW },
  })
}

test('what is due and held up by nothing is being sent', () => {
  assert.equal(reason(), 'sending')
  assert.equal(reason({ dueAt: NOW - 1 }), 'sending')
})

test('what is due waits for whatever holds its listener up', () => {
  for (const holdUp of ['down', 'proxy', 'rate_limit', 'concurrency'] as const) assert.equal(reason({ holdUp }), holdUp)
})

test('what is not due waits for its time, or for the pause after an attempt of its run', () => {
  assert.equal(reason({ dueAt: NOW + 1, holdUp: 'down' }), 'due')
  assert.equal(reason({ dueAt: NOW + 1, attempts: 1 }), 'retry')
  assert.equal(reason({ dueAt: NOW + 1, attempts: 3, attemptsBefore: 3 }), 'due')
})

test('what waits in an order waits for the message before it', () => {
  assert.equal(reason({ dueAt: null, holdUp: 'concurrency' }), 'order')
})

test('what is pulled waits for a client, and once it was pulled for that one', () => {
  assert.equal(reason({ notifyUrl: null }), 'pull')
  assert.equal(reason({ notifyUrl: null, isPulled: true, dueAt: NOW + 30_000 }), 'lease')
})

test('what holds all of a listener comes first', () => {
  const later = { dueAt: NOW + 1, attempts: 1 }
  assert.equal(reason({ ...later, isQueuePaused: true }), 'paused')
  assert.equal(reason({ ...later, isQueuePaused: true, settings: { awaitsVerification: true } }), 'domain')
  assert.equal(reason({ ...later, isQueuePaused: true, settings: { status: 'disabled' } }), 'disabled')
})
