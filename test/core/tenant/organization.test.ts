import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_LIMITS, quotaReached, withLimits } from '../../../src/core/tenant/organization.ts'

test('limits are merged: what is named changes, null takes away, the rest stays', () => {
  const current = { ...NO_LIMITS, queues: 3, apiKeys: 5 }
  assert.deepEqual(withLimits(current, { queues: null, listeners: 0 }), { ...NO_LIMITS, listeners: 0, apiKeys: 5 })
  assert.deepEqual(withLimits(current, {}), current)
  assert.deepEqual(withLimits(current, { queues: undefined }), current)
})

test('a limit that is used up is a 402 that names it, its size, and that nothing was stored', () => {
  const problem = quotaReached({ limit: 'messagesPerDay', value: 7 })
  assert.equal(problem.status, 402)
  assert.match(problem.detail, /messages_per_day is 7 and has no room for this; nothing was stored/)
  assert.deepEqual(
    problem.errors?.map((fault) => fault.path),
    ['/limits/messages_per_day'],
  )
})
