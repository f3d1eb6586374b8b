import { test } from 'node:test'
import fc from 'fast-check'
import { openMemoryStore } from '../../support/memory-store.ts'
import { rounds } from '../../support/thorough.ts'
import { withStore } from '../suite.ts'
import { step } from './model-steps.ts'
import { Walk } from './model-walk.ts'

test('whatever happens, each pair of message and listener is exactly one of pending, delivered, missed or deleted', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), (steps) =>
      withStore(openMemoryStore, async (given) => {
        const walk = await Walk.begin(given)
        for (const it of steps) await walk.take(it)
        await walk.drain()
      }),
    ),
    { seed: 48, numRuns: rounds({ quick: 30, long: 80 }) },
  ))
