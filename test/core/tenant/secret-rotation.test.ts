import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_RETIRED, OVERLAP_MS, rotated, type Secrets, unexpired } from '../../../src/core/tenant/secret-rotation.ts'

const START = 1_700_000_000_000

/** Rotations, each so many milliseconds after the one before. */
function after(waits: readonly number[]): { secrets: Secrets; times: number[] } {
  let secrets: Secrets = { secret: 's0', retiredSecrets: [] }
  let now = START
  const times = waits.map((wait, index) => {
    now += wait
    secrets = rotated(secrets, { secret: `s${index + 1}` }, now)
    return now
  })
  return { secrets, times }
}

test('what was replaced signs for exactly a day', () => {
  const { retiredSecrets } = after([0]).secrets
  assert.deepEqual(retiredSecrets, [{ secret: 's0', until: START + OVERLAP_MS }])
  assert.equal(unexpired(retiredSecrets, START + OVERLAP_MS - 1).length, 1)
  assert.equal(unexpired(retiredSecrets, START + OVERLAP_MS).length, 0)
})

test('of a list that an older version wrote only the newest signs', () => {
  const retired = ['a', 'b', 'c'].map((secret) => ({ secret, until: START + 1 }))
  assert.deepEqual(unexpired(retired, START), [retired[0]])
})

test('whatever the rotations, at most the one secret before the present one is kept, and for a day', () => {
  const waits = fc.array(fc.oneof(fc.integer({ min: 0, max: OVERLAP_MS / 3 }), fc.constant(OVERLAP_MS)), {
    minLength: 1,
  })
  fc.assert(
    fc.property(waits, (given) => {
      const { secrets, times } = after(given)
      const now = times.at(-1)!
      assert.equal(secrets.secret, `s${given.length}`)
      // The secret number i was replaced at the time number i.
      const expected = times
        .map((time, index) => ({ secret: `s${index}`, until: time + OVERLAP_MS }))
        .filter(({ until }) => until > now)
        .reverse()
        .slice(0, MAX_RETIRED)
      assert.deepEqual(secrets.retiredSecrets, expected)
    }),
  )
})
