import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SendSlots } from '../../src/engine/send-slots.ts'

// The same walks on every run: a failure is one that everybody can repeat.
fc.configureGlobal({ seed: 48 })

/** A lane as the slots see it: it takes while it wants, and asks again when it is told to. */
class Taker {
  readonly #slots: SendSlots
  wants = 0
  active = 0
  woken = 0
  readonly #retry = () => {
    this.woken += 1
    this.#take()
  }

  constructor(slots: SendSlots) {
    this.#slots = slots
  }

  want(count: number): void {
    this.wants += count
    this.#take()
  }

  give(): void {
    this.active -= 1
    this.#slots.give()
    this.#take()
  }

  /** Whether it would get a slot if it asked now. */
  get overlooked(): boolean {
    return this.wants > 0 && this.#slots.take(this.active, this.#retry)
  }

  #take(): void {
    while (this.wants > 0 && this.#slots.take(this.active, this.#retry)) {
      this.wants -= 1
      this.active += 1
    }
  }
}

test('a lane alone gets many slots, and leaves most of them to others', () => {
  const slots = new SendSlots(900)
  const hanging = new Taker(slots)
  hanging.want(1_000)
  assert.ok(hanging.active >= 90 && hanging.active <= 450, `${hanging.active} of 900`)
})

test('the more slots are out, the fewer a further lane gets, but always one', () => {
  const slots = new SendSlots(100)
  const taken: number[] = []
  for (let lane = 0; lane < 8; lane++) {
    const taker = new Taker(slots)
    taker.want(100)
    taken.push(taker.active)
  }
  assert.deepEqual(
    taken,
    taken.toSorted((a, b) => b - a),
  )
  assert.ok(taken[0]! > taken[7]! && taken[7]! >= 1, String(taken))
})

test('lanes that hang cannot take the last slot from those that work', () => {
  const slots = new SendSlots(100)
  const hanging = Array.from({ length: 8 }, () => new Taker(slots))
  for (const lane of hanging) lane.want(1_000)
  const working = new Taker(slots)
  working.want(1)
  assert.equal(working.active, 1)
})

test('a lane that waits is woken when a slot is given back', () => {
  const slots = new SendSlots(1)
  const [first, second] = [new Taker(slots), new Taker(slots)]
  first.want(1)
  second.want(1)
  assert.deepEqual([first.active, second.active], [1, 0])
  first.give()
  assert.deepEqual([first.active, second.active], [0, 1])
})

test('lanes that wait take turns, however much each of them wants', () => {
  const slots = new SendSlots(1)
  const lanes = Array.from({ length: 4 }, () => new Taker(slots))
  for (const lane of lanes) lane.want(100)
  const turns: number[] = []
  for (let turn = 0; turn < 9; turn++) {
    const at = lanes.findIndex((lane) => lane.active > 0)
    turns.push(at)
    lanes[at]!.give()
  }
  assert.deepEqual(turns.slice(1, 5).sort(), [0, 1, 2, 3])
  assert.deepEqual(turns.slice(5, 9).sort(), [0, 1, 2, 3])
})

test('a slot that the first in line may not have goes to the next', () => {
  const slots = new SendSlots(2)
  const [greedy, other, last] = Array.from({ length: 3 }, () => new Taker(slots))
  greedy!.want(2)
  other!.want(1)
  last!.want(1)
  assert.deepEqual([greedy!.active, other!.active, last!.active], [1, 1, 0])
  other!.give()
  assert.deepEqual([greedy!.active, other!.active, last!.active], [1, 0, 1])
})

test('a slot that the first in line no longer needs goes to the next', () => {
  const slots = new SendSlots(1)
  const [holder, gone, next] = Array.from({ length: 3 }, () => new Taker(slots))
  holder!.want(1)
  gone!.want(1)
  next!.want(1)
  gone!.wants = 0
  holder!.give()
  assert.equal(next!.active, 1)
})

test('a slot that is given back wakes nobody who may not have it', () => {
  const slots = new SendSlots(100)
  const hanging = Array.from({ length: 10 }, () => new Taker(slots))
  for (const lane of hanging) lane.want(1_000)
  const working = new Taker(slots)
  for (let n = 0; n < 1_000; n++) {
    working.want(1)
    assert.equal(working.active, 1)
    working.give()
  }
  const woken = hanging.reduce((sum, lane) => sum + lane.woken, 0)
  assert.ok(woken <= hanging.length, `${woken} times in vain`)
})

/** What a lane does next: wants some more, is answered, or forgets what waits (its messages were deleted). */
const step = fc.record({
  lane: fc.nat(7),
  does: fc.oneof(
    { weight: 3, arbitrary: fc.record({ want: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 4, arbitrary: fc.constant('give' as const) },
    { weight: 1, arbitrary: fc.constant('forget' as const) },
  ),
})

/** Stops at the first step after which `check` throws. */
function walk(
  limit: number,
  steps: { lane: number; does: { want: number } | 'give' | 'forget' }[],
  check: (lanes: Taker[]) => void,
): void {
  const slots = new SendSlots(limit)
  const lanes = Array.from({ length: 8 }, () => new Taker(slots))
  for (const { lane: at, does } of steps) {
    const lane = lanes[at]!
    if (does === 'forget') lane.wants = 0
    else if (does !== 'give') lane.want(does.want)
    else if (lane.active > 0) lane.give()
    check(lanes)
  }
}

const limits = fc.integer({ min: 1, max: 12 })
const steps = fc.array(step, { minLength: 1, maxLength: 60 })

test('whatever happens, never more slots are out than there are', () => {
  fc.assert(
    fc.property(limits, steps, (limit, taken) => {
      walk(limit, taken, (lanes) => {
        assert.ok(lanes.reduce((sum, lane) => sum + lane.active, 0) <= limit)
      })
    }),
    { numRuns: 500 },
  )
})

test('whatever happens, no lane waits for a slot that it could have', () => {
  fc.assert(
    fc.property(limits, steps, (limit, taken) => {
      walk(limit, taken, (lanes) => {
        assert.ok(!lanes.some((lane) => lane.overlooked))
      })
    }),
    { numRuns: 500 },
  )
})

test('when everything has been given back, every lane has had all that it wanted', () => {
  fc.assert(
    fc.property(limits, steps, (limit, taken) => {
      let all: Taker[] = []
      walk(limit, taken, (lanes) => {
        all = lanes
      })
      for (let busy = all; busy.length > 0; busy = all.filter((lane) => lane.active > 0)) {
        for (const lane of busy) if (lane.active > 0) lane.give()
      }
      assert.deepEqual(
        all.map((lane) => lane.wants),
        all.map(() => 0),
      )
    }),
    { numRuns: 500 },
  )
})
