import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'

/** What runs of one version differ by, with much room; a regression of a quarter is beyond it. */
const TOLERANCE = 0.15

/**
 * Holds a figure to what it was when it was last written down. Less is as good a reason to look: the new figure belongs
 * here, so that the next regression starts from there.
 */
export function expectCost(t: TestContext, what: string, found: number, expected: number): void {
  t.diagnostic(`${what} a message: ${found.toFixed(1)}, expected about ${expected}`)
  const ratio = found / expected
  assert.ok(ratio < 1 + TOLERANCE, `${what} a message: ${found.toFixed(1)}, and they were ${expected}`)
  assert.ok(ratio > 1 - TOLERANCE, `${what} a message: only ${found.toFixed(1)}; expect that from now on`)
}
