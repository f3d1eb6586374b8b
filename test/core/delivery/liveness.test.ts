import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  failureMessage,
  failuresInRowOf,
  type LIVENESS_STATES,
  type LivenessNews,
  nextCheckMs,
  stateAfter,
  UNKNOWN_LIVENESS,
  withNews,
} from '../../../src/core/delivery/liveness.ts'

test('one failure makes a listener unstable, three in a row make it down, a success makes it stable', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 100].map(stateAfter), ['stable', 'unstable', 'unstable', 'down', 'down', 'down'])
})

test('a state that was kept goes on as it was', () => {
  for (const state of ['stable', 'unstable', 'down'] as const) assert.equal(stateAfter(failuresInRowOf(state)), state)
  assert.equal(stateAfter(failuresInRowOf('down') + 1), 'down')
})

test('checks come about every half minute, sooner after a failure, and not together', () => {
  const range = (state: (typeof LIVENESS_STATES)[number]) => [0, 0.999999].map((n) => nextCheckMs(state, () => n))
  assert.deepEqual(range('stable'), [24_000, 36_000])
  assert.deepEqual(range('unknown'), [24_000, 36_000])
  assert.deepEqual(range('unstable'), [1_600, 2_400])
  assert.deepEqual(range('down'), [8_000, 12_000])
})

test('what went wrong is said in words', () => {
  assert.equal(failureMessage({ status: 503, error: null, response: 'a secret page' }), 'answered 503')
  assert.equal(
    failureMessage({ status: null, error: 'dns', response: 'a.test is not known' }),
    'dns: a.test is not known',
  )
  assert.equal(failureMessage({ status: 200, error: 'timeout', response: '' }), 'timeout')
})

test('news add to what is stored, and say nothing of what they do not know', () => {
  const nothing: LivenessNews = { ...UNKNOWN_LIVENESS, state: null, stateAt: null }
  const stored = {
    state: 'down',
    successCount: 5,
    lastSuccessAt: 10,
    failureCount: 3,
    lastFailureStatus: 500,
    lastFailureAt: 20,
    lastFailureMsg: 'answered 500',
  } as const
  assert.equal(withNews(stored, null), stored)
  assert.deepEqual(withNews(stored, nothing), stored)
  assert.deepEqual(withNews(stored, { ...nothing, state: 'stable', successCount: 1, lastSuccessAt: 30 }), {
    ...stored,
    state: 'stable',
    successCount: 6,
    lastSuccessAt: 30,
  })
  const failed = { ...nothing, failureCount: 2, lastFailureAt: 40, lastFailureMsg: 'timeout' }
  assert.deepEqual(withNews(stored, failed), {
    ...stored,
    failureCount: 5,
    lastFailureStatus: null,
    lastFailureAt: 40,
    lastFailureMsg: 'timeout',
  })
})
