import { test } from 'node:test'
import fc from 'fast-check'
import { createRuntime } from '../../../src/runtime.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { rounds } from '../../support/thorough.ts'
import { withStore } from '../suite.ts'
import { step } from './model-steps.ts'
import { Walk } from './model-walk.ts'
import { twin } from './twin.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)

test('whatever happens, SQLite and PostgreSQL answer alike at each step, and as the model does', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (steps) =>
      withStore(
        async () => twin(await openMemoryStore(), await database.openEmpty(runtime, { clock: 'caller' })),
        async (given) => {
          const walk = await Walk.begin(given)
          for (const it of steps) await walk.take(it)
          await walk.drain()
        },
      ),
    ),
    { seed: 48, numRuns: rounds({ quick: 8, long: 20 }) },
  ))
