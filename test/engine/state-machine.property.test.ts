import { test } from 'node:test'
import fc from 'fast-check'
import { openMemoryStore } from '../support/memory-store.ts'
import { rounds } from '../support/thorough.ts'
import type { Reply } from './fake-sender.ts'
import { asking, Fixture, type Step } from './fixture.ts'

const pick = fc.nat(99)
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(200) },
  { weight: 5, arbitrary: fc.constant(500) },
  { weight: 1, arbitrary: fc.constant('timeout' as const) },
  { weight: 1, arbitrary: fc.constant(410) },
  { weight: 1, arbitrary: fc.constant(asking(429, { retryAfterMs: 4_000 })) },
  { weight: 2, arbitrary: fc.constant(asking(500, { noRetry: true })) },
)

/** `pick`s choose among whatever exists when the step is taken. */
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('accept'),
      key: fc.constantFrom('a', 'a', 'b', null),
      delayMs: fc.constantFrom(0, 0, 0, 5_000),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('answer'), picks: fc.array(pick, { minLength: 1, maxLength: 5 }), reply }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(10, 1_500, 12_000, 3_600_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause'), paused: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('enable'), listener: pick, enabled: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('on missed'),
      listener: pick,
      onMissed: fc.constantFrom('continue', 'block'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('redeliver'),
      message: pick,
      listener: fc.option(pick, { nil: null }),
      immediately: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('redeliver many'),
      listener: pick,
      status: fc.constantFrom('pending', 'delivered', 'missed', null),
      immediately: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete message'), message: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete listener'), listener: pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('add listener'), ordering: fc.constantFrom('none', 'queue', 'key') }),
  },
)

const RUNS = Number(process.env.STATE_MACHINE_RUNS ?? rounds({ quick: 30, long: 200 }))

test('whatever happens, every accepted delivery has one end or next step, in order, and the ledger balances', (t) =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const store = await openMemoryStore()
      try {
        const fixture = await Fixture.begin(t, store)
        for (const it of steps) await fixture.take(it)
        await fixture.drain()
      } finally {
        await store.close()
      }
    }),
    { seed: 16, numRuns: RUNS },
  ))
