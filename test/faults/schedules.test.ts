import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDays } from '../support/scheduled-year.ts'

test('a server that is killed within jumps of its clock has made one message for each due time in the end', {
  timeout: 120_000,
}, async () => {
  const { runs } = await runDays({ days: 30, kills: 4, killWithinMs: 300 })
  assert.ok(runs >= 30 * 1_440)
})
