import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fifo } from '../../src/core/fifo.ts'

// Every run tries the same walks, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 4, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.integer({ min: 2, max: 5 }) }) },
)

test('whatever was pushed, shifted and removed, it holds what a plain list would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const fifo = new Fifo<number>()
      let list: number[] = []
      let last = 0
      for (const it of steps) {
        if ('push' in it) {
          for (let i = 0; i < it.push; i++) {
            fifo.push(++last)
            list.push(last)
          }
        } else if ('shift' in it) {
          for (let i = 0; i < it.shift; i++) assert.equal(fifo.shift(), list.shift())
        } else {
          const matches = (item: number) => item % it.remove === 0
          assert.deepEqual(fifo.remove(matches), list.filter(matches))
          list = list.filter((item) => !matches(item))
        }
        assert.equal(fifo.length, list.length)
      }
    }),
    { numRuns: 200 },
  )
})
