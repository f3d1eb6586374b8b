import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLockOut } from '../../src/app/limits/lock-out.ts'

fc.configureGlobal({ seed: 48 })

const START = 1_700_000_000_000

function given() {
  const clock = { now: START }
  return { clock, lockOut: createLockOut({ now: () => clock.now }) }
}

function fail(lockOut: ReturnType<typeof createLockOut>, source: string, times: number): void {
  for (let i = 0; i < times; i++) lockOut.failed(source)
}

test('nine failures keep nobody out, the tenth does, and only its source', () => {
  const { lockOut } = given()
  fail(lockOut, 'a', 9)
  assert.equal(lockOut.active, false)
  assert.equal(lockOut.left('a'), 0)
  lockOut.failed('a')
  assert.equal(lockOut.left('a'), 60_000)
  assert.equal(lockOut.left('b'), 0)
})

test('a lock-out lasts a minute, does not grow by what is tried meanwhile, and then everything begins anew', () => {
  const { clock, lockOut } = given()
  fail(lockOut, 'a', 10)
  clock.now += 59_999
  assert.equal(lockOut.left('a'), 1)
  clock.now += 1
  assert.equal(lockOut.left('a'), 0)
  assert.equal(lockOut.active, false)
  fail(lockOut, 'a', 9)
  assert.equal(lockOut.left('a'), 0)
})

test('failures count together as long as less than a minute lies between the first and the tenth', () => {
  const { clock, lockOut } = given()
  lockOut.failed('a')
  clock.now += 1
  fail(lockOut, 'a', 8)
  clock.now = START + 60_000
  lockOut.failed('a')
  assert.equal(lockOut.left('a'), 0)
  lockOut.failed('a')
  assert.equal(lockOut.left('a'), 60_000)
})

test('a clock that is put back keeps nobody out for longer than a minute', () => {
  const { clock, lockOut } = given()
  fail(lockOut, 'a', 10)
  clock.now -= 3_600_000
  assert.equal(lockOut.left('a'), 0)
})

test('a flood from many sources makes it forget, and keeps out nobody who has not failed', () => {
  const { lockOut } = given()
  fail(lockOut, 'first', 9)
  for (let i = 0; i < 10_000; i++) lockOut.failed(`flood-${i}`)
  lockOut.failed('first')
  assert.equal(lockOut.left('first'), 0)
  assert.equal(lockOut.active, false)
})

test('with more sources kept out than it can remember, the one that is let in next goes first', () => {
  const { clock, lockOut } = given()
  fail(lockOut, 'first', 10)
  clock.now += 1
  for (let i = 0; i < 9_999; i++) fail(lockOut, `flood-${i}`, 10)
  assert.ok(lockOut.left('first') > 0)
  fail(lockOut, 'one more', 10)
  assert.equal(lockOut.left('first'), 0)
  assert.ok(lockOut.left('flood-0') > 0)
  assert.ok(lockOut.left('one more') > 0)
})

test('a source is kept out exactly where ten of its failures lie within a minute that is no longer past than one', () => {
  const step = fc.record({ source: fc.constantFrom('a', 'b'), passMs: fc.nat(15_000), times: fc.nat(4) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, lockOut } = given()
      const model = new Map<string, { failures: number[]; until: number }>()
      for (const { source, passMs, times } of steps) {
        clock.now += passMs
        for (let i = 0; i < times; i++) {
          const known = model.get(source) ?? { failures: [], until: 0 }
          model.set(source, known)
          const out = known.until > clock.now
          assert.equal(lockOut.left(source) > 0, out)
          // As the lock-out guard does: what is kept out is not tried.
          if (out) continue
          lockOut.failed(source)
          known.failures = [...known.failures, clock.now].filter((time) => clock.now - time < 60_000)
          if (known.failures.length === 10) Object.assign(known, { failures: [], until: clock.now + 60_000 })
        }
      }
    }),
  )
})
