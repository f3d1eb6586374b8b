import { test } from 'node:test'
import fc from 'fast-check'
import { createRuntime } from '../../../src/runtime.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { rounds } from '../../support/thorough.ts'
import { withStore } from '../suite.ts'
import { type ListenerStep, ListenersWalk } from './listeners-walk.ts'
import { twin } from './twin.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)

const pick = fc.nat(99)
const picks = fc.array(pick, { minLength: 1, maxLength: 4 })
const ms = fc.constantFrom(0, 1, 500, 1_000, 5_000)
const how = fc.constantFrom('acknowledged' as const, 'unseen' as const, 'lease_expired' as const)
const end = fc.oneof(
  fc.record({ how }),
  fc.record({ how: fc.constant('returned' as const), delayMs: fc.option(ms, { nil: null }) }),
)

const step: fc.Arbitrary<ListenerStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      delayMs: fc.constantFrom(-500, 0, 0, 1_000),
      key: fc.constantFrom('x', 'y', null),
      leased: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pull' as const),
      listeners: picks,
      limit: fc.integer({ min: 1, max: 4 }),
      leaseMs: fc.constantFrom(1_000, 2_000, 5_000),
      maxBytes: fc.constantFrom(1, 25, 1_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('end leases' as const), leases: picks, end }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('expire' as const), limit: fc.constantFrom(1, 3, 100) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('claim' as const), listener: pick, limit: fc.constantFrom(1, 3) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      tickets: picks,
      status: fc.constantFrom(200, 500, 503, 410),
      durationMs: ms,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('redeliver' as const),
      message: pick,
      listener: pick,
      immediately: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('block' as const),
      listener: pick,
      onMissed: fc.constantFrom('block' as const, 'continue' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release orders' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const), listener: pick, pulls: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete message' as const), message: pick }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 500, 1_000, 2_500) }) },
)

test('whatever listeners are sent, pull and say, SQLite and PostgreSQL answer alike, and count alike after each step', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80, size: 'max' }), (steps) =>
      withStore(
        async () => twin(await openMemoryStore(), await database.openEmpty(runtime, { clock: 'caller' })),
        async (given) => {
          const walk = await ListenersWalk.begin(given)
          for (const it of steps) await walk.take(it)
          await walk.end()
        },
      ),
    ),
    { seed: 16, numRuns: rounds({ quick: 8, long: 40 }) },
  ))
