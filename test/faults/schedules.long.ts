import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDays } from '../support/scheduled-year.ts'

const timeout = 300_000

test('a year of a minute schedule and of daily ones in three zones, each due time exactly once', {
  timeout,
}, async (t) => {
  const { tookMs, runs } = await runDays({ days: 365, kills: 0, killWithinMs: 0 })
  assert.ok(runs >= 365 * 1_440)
  t.diagnostic(`${runs} runs in ${Math.round(tookMs)} ms`)
})

test('the same while the server is killed again and again', { timeout }, async () => {
  const { runs } = await runDays({ days: 365, kills: 12, killWithinMs: 1_500 })
  assert.ok(runs >= 365 * 1_440)
})
