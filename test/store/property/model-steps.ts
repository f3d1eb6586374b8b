import fc from 'fast-check'
import type { Step } from './model-walk.ts'

const node = fc.constantFrom('a', 'b')
const pick = fc.nat(99)

/** Any step of a walk. `pick`s choose among whatever exists when the step is taken. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('accept'),
      queue: pick,
      node,
      leased: fc.boolean(),
      leftOut: fc.constantFrom(0, 0, 1, 2, 3, 5, 255),
      delayMs: fc.constantFrom(-500, 0, 0, 1_000, 3_000),
      lifeMs: fc.constantFrom(null, null, 1_000, 2_500),
      stale: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('claim'), listener: pick, node, limit: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      tickets: fc.array(pick, { minLength: 1, maxLength: 4 }),
      next: fc.constantFrom('acknowledged', 'retry', 'missed'),
      retryMs: fc.constantFrom(0, 500, 2_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(500, 1_000, 2_500) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('renew'), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), node }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('hand back'), tickets: fc.array(pick, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('expire'), limit: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('end held'),
      tickets: fc.array(pick, { minLength: 1, maxLength: 3 }),
      why: fc.constantFrom('expiries', 'discards'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('discard'),
      queue: pick,
      listener: fc.option(pick),
      status: fc.constantFrom(null, null, 'pending', 'scheduled', 'missed'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pause'), queue: pick, paused: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete message'), message: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create listener'), queue: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete listener'), listener: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete queue'), queue: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep'), limit: fc.integer({ min: 1, max: 5 }) }) },
)
