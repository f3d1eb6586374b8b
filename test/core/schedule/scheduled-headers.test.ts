import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scheduledHeaders } from '../../../src/core/schedule/scheduled-headers.ts'

const DUE = Date.UTC(2026, 0, 31, 9)

test('a message says which schedule made it and for which due time, beside the headers that the schedule has', () => {
  const of = (headers: string | null, dueAt: number | null) =>
    JSON.parse(scheduledHeaders({ name: 'reports/daily', headers }, dueAt))
  const name = { 'discue-schedule': 'reports/daily' }
  assert.deepEqual(of(null, DUE), { ...name, 'discue-due-at': '2026-01-31T09:00:00.000Z' })
  assert.deepEqual(of('{"X-A":"1"}', DUE), { 'X-A': '1', ...name, 'discue-due-at': '2026-01-31T09:00:00.000Z' })
  assert.deepEqual(of(null, null), name)
})
