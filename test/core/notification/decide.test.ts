import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Decision, decide } from '../../../src/core/notification/decide.ts'
import type { ListenerStanding, Standing } from '../../../src/core/notification/standing.ts'
import type { Told } from '../../../src/core/notification/told.ts'

const QUEUE = { id: 'orders-id', name: 'orders' }
const ASK = { queueId: 'told-on', most: 1_000 }
const MINUTE_MS = 60_000
const START = 1_000 * MINUTE_MS

function standing(what: Partial<Standing> = {}): Standing {
  return { now: START, listeners: [], schedules: [], queues: [], quotas: [], ...what }
}

function listener(id: string, what: Partial<ListenerStanding> = {}): ListenerStanding {
  return { id, name: `name of ${id}`, queue: QUEUE, isDisabled: false, state: 'stable', missed: 0, ...what }
}

/** An organization that is told what it may be told, as a server does. */
function openOrganization(most = ASK.most) {
  let told: Told | null = null
  return {
    see(what: Partial<Standing>): string[] {
      const decision: Decision = decide(told, standing(what), { ...ASK, most })
      // As it comes back from the store.
      if (decision.told !== null) told = JSON.parse(JSON.stringify(decision.told))
      return decision.notifications.map(({ type, listener: of, details }) =>
        [type, of?.id, details.count].filter((part) => part !== undefined).join(' '),
      )
    },
  }
}

/** An organization that knows that all is well. */
function openCalm(most?: number) {
  const organization = openOrganization(most)
  assert.deepEqual(organization.see({ now: START - 10 * MINUTE_MS }), [])
  return organization
}

test('a listener that goes down is told once, and once that it is back', () => {
  const { see } = openCalm()
  const down = { listeners: [listener('a', { state: 'down' })] }
  assert.deepEqual(see(down), ['listener.down a'])
  assert.deepEqual(see({ ...down, now: START + 5 * MINUTE_MS }), [])
  assert.deepEqual(see({ listeners: [listener('a', { state: 'unstable' })], now: START + 6 * MINUTE_MS }), [
    'listener.up a',
  ])
  assert.deepEqual(see({ listeners: [listener('a')], now: START + 9 * MINUTE_MS }), [])
})

test('one that flaps is told at most once a minute, and how it stands at the end', () => {
  const { see } = openCalm()
  const at = (seconds: number, state: 'down' | 'stable') =>
    see({ now: START + seconds * 1_000, listeners: [listener('a', { state })] })
  assert.deepEqual(at(0, 'down'), ['listener.down a'])
  assert.deepEqual(at(5, 'stable'), ['listener.up a'])
  for (const seconds of [10, 20, 30, 40, 59]) assert.deepEqual(at(seconds, 'down'), [])
  assert.deepEqual(at(60, 'down'), ['listener.down a'])
  assert.deepEqual(at(61, 'stable'), [])
  assert.deepEqual(at(65, 'stable'), ['listener.up a'])
})

test('what nothing is known of is not back, nor is what was disabled, and what is gone ends without a word', () => {
  const { see } = openCalm()
  assert.deepEqual(see({ listeners: [listener('a', { state: 'down' })] }), ['listener.down a'])
  assert.deepEqual(see({ listeners: [listener('a', { state: 'unknown' })] }), [])
  assert.deepEqual(see({ listeners: [listener('a', { state: 'stable', isDisabled: true })] }), ['listener.disabled a'])
  assert.deepEqual(see({ listeners: [listener('a')] }), ['listener.up a'])
  assert.deepEqual(see({ listeners: [listener('b', { state: 'down' })] }), ['listener.down b'])
  assert.deepEqual(see({ listeners: [] }), [])
  assert.deepEqual(see({ listeners: [listener('b')], now: START + MINUTE_MS }), [])
})

test('missed deliveries are told with their number, those of a minute together, and not those that come back', () => {
  const { see } = openCalm()
  const at = (seconds: number, missed: number) =>
    see({ now: START + seconds * 1_000, listeners: [listener('a', { missed })] })
  assert.deepEqual(at(0, 2), ['deliveries.missed a 2'])
  assert.deepEqual(at(10, 5), [])
  assert.deepEqual(at(50, 9), [])
  assert.deepEqual(at(60, 10), ['deliveries.missed a 8'])
  // A redelivery took them away; of those that fail again it is told.
  assert.deepEqual(at(200, 0), [])
  assert.deepEqual(at(300, 4), ['deliveries.missed a 4'])
})

test('a failed run of a schedule is told with what was wrong, and each later one anew', () => {
  const { see } = openCalm()
  const failed = (dueAt: number) => [{ id: 's', name: 'nightly', queue: QUEUE, dueAt, error: '/data must be JSON' }]
  assert.deepEqual(see({ schedules: failed(1) }), ['schedule.failed'])
  assert.deepEqual(see({ schedules: failed(1), now: START + MINUTE_MS }), [])
  assert.deepEqual(see({ schedules: failed(2), now: START + MINUTE_MS }), ['schedule.failed'])
  const decision = decide(null, standing({ queues: [], schedules: [] }), ASK)
  const { notifications } = decide(decision.told, standing({ schedules: failed(3) }), ASK)
  assert.deepEqual(notifications[0]?.details, { due_at: 3, error: '/data must be JSON' })
})

test('a backlog is told once and its end once; what is kept back on purpose is neither', () => {
  const { see } = openCalm()
  assert.deepEqual(see({ queues: [{ ...QUEUE, dueAt: null }] }), [])
  assert.deepEqual(see({ queues: [{ ...QUEUE, dueAt: 5 }] }), ['queue.backlog'])
  assert.deepEqual(see({ queues: [{ ...QUEUE, dueAt: 6 }], now: START + 9 * MINUTE_MS }), [])
  // Paused meanwhile: it has not recovered by that.
  assert.deepEqual(see({ queues: [{ ...QUEUE, dueAt: null }], now: START + 9 * MINUTE_MS }), [])
  assert.deepEqual(see({ now: START + 9 * MINUTE_MS }), ['queue.recovered'])
})

test('a quota is told when it is reached, and again when it was not for a while', () => {
  const { see } = openCalm()
  const quotas = [{ quota: 'storedMessages', limit: 10 }] as const
  assert.deepEqual(see({ quotas }), ['quota.reached'])
  assert.deepEqual(see({ quotas, now: START + MINUTE_MS }), [])
  assert.deepEqual(see({ now: START + 2 * MINUTE_MS }), [])
  assert.deepEqual(see({ quotas, now: START + 3 * MINUTE_MS }), ['quota.reached'])
})

test('the first look tells what goes on, and not what is long over', () => {
  const { see } = openOrganization()
  const old = { isDisabled: true, missed: 7 }
  const schedules = [{ id: 's', name: 'nightly', queue: QUEUE, dueAt: 1, error: 'no' }]
  const now = { listeners: [listener('a', old), listener('b', { state: 'down' })], schedules }
  assert.deepEqual(see({ ...now, queues: [{ ...QUEUE, dueAt: 1 }] }), ['listener.down b', 'queue.backlog'])
  assert.deepEqual(see({ ...now, queues: [{ ...QUEUE, dueAt: 1 }], now: START + MINUTE_MS }), [])
})

test('another queue of notifications begins anew', () => {
  const down = standing({ listeners: [listener('a', { state: 'down' })] })
  const { told } = decide(null, down, ASK)
  assert.equal(decide(told, down, ASK).notifications.length, 0)
  assert.equal(decide(told, down, { ...ASK, queueId: 'another' }).notifications.length, 1)
})

test('of a storm sixty are told in a minute, and the rest as one in the next', () => {
  const { see } = openCalm()
  const listeners = Array.from({ length: 200 }, (_, at) => listener(`l${at}`, { state: 'down' }))
  assert.equal(see({ listeners }).length, 60)
  assert.deepEqual(see({ listeners, now: START + 30_000 }), [])
  assert.deepEqual(see({ listeners, now: START + MINUTE_MS }), ['suppressed 140'])
  assert.deepEqual(see({ listeners, now: START + 2 * MINUTE_MS }), [])
})

test('what does not fit at once comes with the next look', () => {
  const { see } = openCalm(3)
  const listeners = Array.from({ length: 8 }, (_, at) => listener(`l${at}`, { state: 'down' }))
  assert.deepEqual(
    [0, 1, 2, 3].map((seconds) => see({ listeners, now: START + seconds }).length),
    [3, 3, 2, 0],
  )
})

test('a clock that was set back keeps nothing from being told', () => {
  const { see } = openCalm()
  assert.deepEqual(see({ listeners: [listener('a', { missed: 1 })] }), ['deliveries.missed a 1'])
  const earlier = START - 60 * MINUTE_MS
  assert.deepEqual(see({ listeners: [listener('a', { missed: 3 })], now: earlier }), ['deliveries.missed a 2'])
})

test('whatever happens, no minute has more than sixty and a summary, and everything missed is told or counted', () => {
  const happening = fc.array(
    fc.record({
      seconds: fc.integer({ min: 0, max: 40 }),
      missed: fc.dictionary(fc.constantFrom(...'abcdefgh'), fc.integer({ min: 1, max: 9 })),
      down: fc.integer({ min: 0, max: 90 }),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(happening, (steps) => {
      const { see } = openCalm()
      let now = START
      const missed: Record<string, number> = {}
      let toldMissed = 0
      const perMinute = new Map<number, number>()
      const take = (down: number) => {
        const own = Object.entries(missed).map(([id, count]) => listener(id, { missed: count }))
        const others = Array.from({ length: down }, (_, at) => listener(`l${at}`, { state: 'down' }))
        const told = see({ now, listeners: [...own, ...others] })
        const minute = Math.floor(now / MINUTE_MS)
        perMinute.set(minute, (perMinute.get(minute) ?? 0) + told.filter((it) => !it.startsWith('suppressed')).length)
        for (const text of told) {
          const [type, , count] = text.split(' ')
          if (type === 'deliveries.missed') toldMissed += Number(count)
          if (type === 'suppressed') suppressed = true
        }
      }
      let suppressed = false
      for (const { seconds, missed: more, down } of steps) {
        now += seconds * 1_000
        for (const [id, count] of Object.entries(more)) missed[id] = (missed[id] ?? 0) + count
        take(down)
      }
      now += 2 * MINUTE_MS
      take(0)
      now += 2 * MINUTE_MS
      take(0)
      for (const count of perMinute.values()) assert.ok(count <= 60)
      const all = Object.values(missed).reduce((sum, count) => sum + count, 0)
      if (!suppressed) assert.equal(toldMissed, all)
      else assert.ok(toldMissed <= all)
    }),
    { numRuns: 200 },
  )
})
