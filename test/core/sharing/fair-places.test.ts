import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairPlaces } from '../../../src/core/sharing/fair-places.ts'

// Every run tries the same walks, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

/** Places of which one owner has so many. */
function slotsOf(count: number): FairPlaces {
  return new FairPlaces(2 * count)
}

/** A lane as the slots see it: it takes while it wants, and asks again when it is told to. */
class Taker {
  readonly #slots: FairPlaces
  readonly owner: string
  wants = 0
  active = 0
  woken = 0
  readonly #retry = () => {
    this.woken += 1
    this.#take()
  }

  constructor(slots: FairPlaces, owner = 'one') {
    this.#slots = slots
    this.owner = owner
  }

  want(count: number): void {
    this.wants += count
    this.#take()
  }

  give(): void {
    this.active -= 1
    this.#slots.give(this.owner)
    this.#take()
  }

  /** Whether it would get a slot if it asked now. */
  get overlooked(): boolean {
    return this.wants > 0 && this.#slots.takeOrWait(this.owner, this.active, this.#retry)
  }

  #take(): void {
    while (this.wants > 0 && this.#slots.takeOrWait(this.owner, this.active, this.#retry)) {
      this.wants -= 1
      this.active += 1
    }
  }
}

test('a lane alone gets many slots, and leaves most of them to others', () => {
  const slots = slotsOf(900)
  const hanging = new Taker(slots)
  hanging.want(1_000)
  assert.ok(hanging.active >= 90 && hanging.active <= 450, `${hanging.active} of 900`)
})

test('the more slots are out, the fewer a further lane gets, but always one', () => {
  const slots = slotsOf(100)
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
  const slots = slotsOf(100)
  const hanging = Array.from({ length: 8 }, () => new Taker(slots))
  for (const lane of hanging) lane.want(1_000)
  const working = new Taker(slots)
  working.want(1)
  assert.equal(working.active, 1)
})

test('a lane that waits is woken when a slot is given back', () => {
  const slots = slotsOf(1)
  const [first, second] = [new Taker(slots), new Taker(slots)]
  first.want(1)
  second.want(1)
  assert.deepEqual([first.active, second.active], [1, 0])
  first.give()
  assert.deepEqual([first.active, second.active], [0, 1])
})

test('lanes that wait take turns, however much each of them wants', () => {
  const slots = slotsOf(1)
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
  const slots = slotsOf(2)
  const [greedy, other, last] = Array.from({ length: 3 }, () => new Taker(slots))
  greedy!.want(2)
  other!.want(1)
  last!.want(1)
  assert.deepEqual([greedy!.active, other!.active, last!.active], [1, 1, 0])
  other!.give()
  assert.deepEqual([greedy!.active, other!.active, last!.active], [1, 0, 1])
})

test('a slot that the first in line no longer needs goes to the next', () => {
  const slots = slotsOf(1)
  const [holder, gone, next] = Array.from({ length: 3 }, () => new Taker(slots))
  holder!.want(1)
  gone!.want(1)
  next!.want(1)
  gone!.wants = 0
  holder!.give()
  assert.equal(next!.active, 1)
})

test('a slot that is given back wakes nobody who may not have it', () => {
  const slots = slotsOf(100)
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
  const slots = slotsOf(limit)
  const lanes = Array.from({ length: 8 }, (_, lane) => new Taker(slots, `owner-${lane % 3}`))
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
        assert.ok(lanes.reduce((sum, lane) => sum + lane.active, 0) <= 2 * limit)
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

/** How many each owner gets that takes one after the other until it is refused. */
function greedily(places: FairPlaces, owners: number): number[] {
  return Array.from({ length: owners }, (_, owner) => {
    let taken = 0
    while (places.take(`owner-${owner}`)) taken += 1
    return taken
  })
}

test('an owner alone gets half, and each that comes later half of what is left', () => {
  assert.deepEqual(greedily(new FairPlaces(1_024), 5), [512, 256, 128, 64, 32])
})

test('where more is to stay free, an owner gets less', () => {
  assert.deepEqual(greedily(new FairPlaces(5_000, { times: 1.5 }), 2), [2_000, 1_200])
  assert.deepEqual(greedily(new FairPlaces(10_000, { times: 4 }), 2), [2_000, 1_600])
})

test('no owner gets more than the most', () => {
  assert.deepEqual(greedily(new FairPlaces(64, { most: 4 }), 3), [4, 4, 4])
})

test('owners that take in turns end with as many each', () => {
  const places = new FairPlaces(1_000)
  const owners = Array.from({ length: 9 }, (_, n) => `owner-${n}`)
  for (let turn = 0; turn < 1_000; turn++) for (const owner of owners) places.take(owner)
  const held = owners.map((owner) => places.takenBy(owner))
  assert.ok(Math.max(...held) - Math.min(...held) <= 1, String(held))
  assert.ok(places.used < 1_000 && places.take('late'), 'one is left for the next')
})

test('amounts count by their size, and a first one that fits is taken', () => {
  const places = new FairPlaces(256)
  assert.ok(places.take('one', 200))
  assert.ok(!places.take('one', 1))
  assert.ok(places.take('other', 56))
  assert.ok(!places.take('third', 1))
  places.give('one', 200)
  assert.deepEqual([places.used, places.takenBy('one')], [56, 0])
})

test('a thousand hanging parts of one owner leave another all that it needs', () => {
  const places = new FairPlaces(2_048)
  const hanging = Array.from({ length: 1_000 }, () => new Taker(places, 'greedy'))
  for (const part of hanging) part.want(64)
  assert.equal(places.takenBy('greedy'), 1_024)
  const honest = new Taker(places, 'honest')
  honest.want(64)
  assert.equal(honest.active, 64)
})

test('of owners that wait, the one that holds the least is next, however many parts of another wait', () => {
  const places = new FairPlaces(4)
  const greedy = Array.from({ length: 100 }, () => new Taker(places, 'greedy'))
  for (const part of greedy) part.want(1)
  const others = ['a', 'b', 'c'].map((owner) => new Taker(places, owner))
  for (const other of others) other.want(1)
  assert.deepEqual([places.takenBy('greedy'), ...others.map(({ active }) => active)], [2, 1, 1, 0])
  greedy.find(({ active }) => active === 1)!.give()
  assert.equal(others[2]!.active, 1)
})

test('whatever happens, an owner that holds nothing is refused only where nothing is free', () => {
  const owner = fc.integer({ min: 0, max: 5 })
  const does = fc.record({ owner, amount: fc.integer({ min: 1, max: 3 }), gives: fc.boolean() })
  const times = fc.constantFrom(0.5, 1, 1.5, 4)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), times, fc.array(does, { maxLength: 80 }), (limit, of, all) => {
      const places = new FairPlaces(limit, { times: of })
      const held = new Map<string, number>()
      for (const { owner, amount, gives } of all) {
        const name = `owner-${owner}`
        const before = held.get(name) ?? 0
        const free = limit - places.used
        if (gives) {
          const given = Math.min(before, amount)
          if (given > 0) places.give(name, given)
          held.set(name, before - given)
        } else if (places.take(name, amount)) held.set(name, before + amount)
        else assert.ok(before > 0 || free < amount)
        assert.equal(places.takenBy(name), held.get(name) ?? 0)
        assert.ok(places.used <= limit)
      }
    }),
    { numRuns: 500 },
  )
})
