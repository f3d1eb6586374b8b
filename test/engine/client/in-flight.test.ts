import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Indexed, InFlight } from '../../../src/engine/client/in-flight.ts'

// Every run tries the same walks, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant('add' as const) },
  { weight: 4, arbitrary: fc.nat(99).map((pick) => ({ delete: pick })) },
)

test('whatever comes and goes, it holds what a set would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const inFlight = new InFlight<Indexed>()
      const set = new Set<Indexed>()
      for (const it of steps) {
        if (it === 'add') {
          const item = { place: -1 }
          inFlight.add(item)
          set.add(item)
        } else if (set.size > 0) {
          const item = [...set][it.delete % set.size]!
          inFlight.delete(item)
          set.delete(item)
        }
        assert.deepEqual(new Set(inFlight.all()), set)
      }
    }),
    { numRuns: 200 },
  )
})
