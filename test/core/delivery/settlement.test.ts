import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Next } from '../../../src/core/delivery/delivery.ts'
import {
  countSettlement,
  emptyCounterChange,
  judgedChange,
  latencyOf,
  restartedChange,
} from '../../../src/core/delivery/settlement.ts'

const NOW = 1_700_000_000_000
const attempt = { number: 4, startedAt: NOW, durationMs: 25, status: 200, error: null, response: '' }
const failed = { ...attempt, status: 500 }
const pending: Next = { state: 'pending', dueAt: NOW + 500 }
const missed: Next = { state: 'missed', reason: 'refused' }

test('an acknowledgement ends a delivery of any run', () => {
  assert.deepEqual(judgedChange(2, { attempt, next: { state: 'acknowledged' } }), { ofRun: null, row: null })
})

test('a failure says what becomes of its own run only', () => {
  assert.deepEqual(judgedChange(2, { attempt: failed, next: missed }), { ofRun: 2, row: null })
  const row = { dueAt: NOW + 500, attempts: 4, attemptsBefore: 2 }
  assert.deepEqual(judgedChange(2, { attempt: failed, next: pending }), { ofRun: 2, row })
})

test('where the attempts are not to count, they belong to earlier runs from then on', () => {
  const row = { dueAt: NOW + 500, attempts: 4, attemptsBefore: 4 }
  assert.deepEqual(judgedChange(2, { attempt: failed, next: { ...pending, anew: true } }), { ofRun: null, row })
})

test('a run that was begun meanwhile goes on at once', () => {
  const row = { dueAt: NOW + 9, attempts: 4, attemptsBefore: 4 }
  assert.deepEqual(restartedChange({ attempt: failed }, NOW + 9), { ofRun: null, row })
})

test('the counters say of each end what it was, and when the latest attempt of a kind ended', () => {
  const change = { ...emptyCounterChange(), pending: 5 }
  countSettlement(change, { attempt, next: { state: 'acknowledged' } }, false)
  countSettlement(change, { attempt: failed, next: missed }, false)
  countSettlement(change, { attempt: { ...failed, startedAt: NOW - 1_000 }, next: pending }, false)
  // It waits again, whatever was judged.
  countSettlement(change, { attempt: { ...failed, startedAt: NOW - 2_000 }, next: missed }, true)
  const times = { lastSuccessAt: NOW + 25, lastFailureAt: NOW + 25 }
  assert.deepEqual(change, { pending: 3, acknowledged: 1, missed: 1, ...times })
})

test('a latency counts from when the message was due, and is told of what was acknowledged only', () => {
  assert.equal(latencyOf(attempt, NOW - 100), 125)
  assert.equal(latencyOf(failed, NOW - 100), null)
})
