import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlowStart } from '../../../src/core/sharing/slow-start.ts'

function round(start: SlowStart, succeeded: number): number {
  const attempts = start.window
  for (let n = 0; n < attempts; n++) start.ended(n < succeeded)
  return start.window
}

test('nobody starts slowly who was not away', () => {
  const start = new SlowStart(64)
  for (let n = 0; n < 100; n++) start.ended(false)
  assert.deepEqual([start.window, start.arrived], [64, true])
})

test('each round that goes well doubles what is allowed, up to the maximum', () => {
  const start = new SlowStart(20)
  start.restart()
  const windows = [start.window, ...Array.from({ length: 6 }, () => round(start, start.window))]
  assert.deepEqual(windows, [1, 2, 4, 8, 16, 20, 20])
  assert.ok(start.arrived)
})

test('a round in which less than half goes well halves it, never below one', () => {
  const start = new SlowStart(64)
  start.restart()
  for (let n = 0; n < 4; n++) round(start, start.window)
  assert.equal(start.window, 16)
  assert.equal(round(start, 8), 32)
  assert.equal(round(start, 15), 16)
  assert.deepEqual(
    [round(start, 0), round(start, 0), round(start, 0), round(start, 0), round(start, 0)],
    [8, 4, 2, 1, 1],
  )
})

test('a listener that fails for every other message arrives all the same', () => {
  const start = new SlowStart(64)
  start.restart()
  let attempts = 0
  while (!start.arrived && attempts < 1_000) start.ended(attempts++ % 2 === 0)
  assert.ok(start.arrived && attempts < 200, `${attempts} attempts`)
})

test('another maximum holds at once, and leaves one that is on its way on its way', () => {
  const start = new SlowStart(64)
  start.change(10)
  assert.deepEqual([start.window, start.arrived], [10, true])
  start.change(100)
  assert.deepEqual([start.window, start.arrived], [100, true])
  start.restart()
  round(start, 1)
  start.change(50)
  assert.deepEqual([start.window, start.arrived], [2, false])
  start.change(1)
  assert.deepEqual([start.window, start.arrived], [1, true])
})

test('whatever happens, it allows at least one and at most the maximum', () => {
  const step = fc.oneof(fc.boolean(), fc.integer({ min: 1, max: 100 }), fc.constant('restart' as const))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      let max = 64
      const start = new SlowStart(max)
      for (const it of steps) {
        if (it === 'restart') start.restart()
        else if (typeof it === 'boolean') start.ended(it)
        else {
          max = it
          start.change(max)
        }
        assert.ok(start.window >= 1 && start.window <= max, `${start.window} of ${max}`)
      }
    }),
    { seed: 5 },
  )
})
