import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dueAtOf, jitterFault, runAtOf } from '../../../src/core/schedule/jitter.ts'
import { catchUp } from '../../../src/core/schedule/missed.ts'
import { dueTimesFrom, nextDue, type Schedule, type Timing } from '../../../src/core/schedule/schedule.ts'
import { planRuns } from '../../../src/core/schedule/schedule-plan.ts'
import { createMake } from '../../store/make.ts'
import { cronCache } from '../../support/cron-cache.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const make = createMake()

function scheduleOf(timing: Timing, jitterMs: number, what: Partial<Schedule> = {}): Schedule {
  const queue = make.queue(make.organization())
  return make.schedule(queue, { timing, jitterMs, createdAt: NOW, id: 'schedule0000000000001', ...what })
}

const timing = fc.oneof(
  fc.integer({ min: SECOND, max: 40 * DAY }).map((everyMs) => ({ everyMs })),
  fc.constantFrom('P1D', 'P2W', 'P1M', 'P1Y1D').map((period) => ({ period })),
  fc
    .constantFrom('* * * * *', '*/15 1-3 * * *', '30 2 * * *', '0 9 * * MON-FRI', '7,8,59 * * * * *', '0 0 29 2 *')
    .map((cron) => ({ cron })),
)
const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Casablanca')
const from = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2032, 0, 1) })
/** Also more than is taken, as where the gaps become shorter later on. */
const jitter = fc.integer({ min: 1, max: 40 * DAY })
const id = fc.string({ minLength: 21, maxLength: 21, unit: fc.constantFrom(...'0123456789abcXYZ') })

test('a due time never runs before itself, never late enough to overtake the next one, and is found by when it runs', () => {
  const property = fc.property(timing, zone, from, jitter, id, (when, timezone, after, jitterMs, name) => {
    const schedule = scheduleOf(when, jitterMs, { timezone, id: name })
    const dueAts = dueTimesFrom(schedule, nextDue(schedule, after, cronCache), 6, cronCache)
    for (const [at, dueAt] of dueAts.slice(0, -1).entries()) {
      const runAt = runAtOf(schedule, dueAt, cronCache)
      assert.ok(Number.isInteger(runAt) && runAt >= dueAt && runAt <= dueAt + jitterMs)
      assert.ok(runAt <= dueAt + (dueAts[at + 1]! - dueAt) / 2)
      assert.equal(dueAtOf(schedule, runAt, cronCache), dueAt)
    }
  })
  fc.assert(property, { seed: 1, numRuns: 300 })
})

test('when a due time runs follows from the schedule, the due time and the jitter, wherever it is worked out', () => {
  // Nodes of any version and machine have to agree on these.
  const schedule = scheduleOf({ everyMs: HOUR }, 10 * MINUTE)
  const lateMs = [1, 2, 3, 4].map((hour) => runAtOf(schedule, NOW + hour * HOUR, cronCache) - NOW - hour * HOUR)
  assert.deepEqual(lateMs, [331_454, 434_461, 378_549, 184_656])
  const changed = { ...schedule, name: 'other', data: 'other', endsAt: NOW + HOUR, paused: true, updatedAt: NOW + 5 }
  assert.equal(runAtOf(changed, NOW + HOUR, cronCache), runAtOf(schedule, NOW + HOUR, cronCache))
})

test('a thousand schedules that are due at once are spread evenly over their jitter', () => {
  const tenths = Array<number>(10).fill(0)
  for (let n = 0; n < 1_000; n++) {
    const schedule = scheduleOf({ everyMs: HOUR }, 1_000, { id: `schedule${n}` })
    tenths[Math.min(9, Math.floor((runAtOf(schedule, NOW + HOUR, cronCache) - NOW - HOUR) / 100))]! += 1
  }
  for (const share of tenths) assert.ok(share > 60 && share < 140, `${tenths}`)
})

test('no jitter is none', () => {
  const schedule = scheduleOf({ everyMs: HOUR }, 0)
  assert.equal(runAtOf(schedule, NOW + HOUR, cronCache), NOW + HOUR)
  assert.equal(dueAtOf(schedule, NOW + HOUR, cronCache), NOW + HOUR)
})

test('more jitter than half of the shortest of the next hundred gaps is refused, with how much is taken', () => {
  const fault = (when: Timing, jitterMs: number, what: Partial<Schedule> = {}) =>
    jitterFault(scheduleOf(when, jitterMs, what), NOW, cronCache)?.message.match(/at most (\d+)/)?.[1]
  assert.equal(fault({ everyMs: 1_001 }, 500), undefined)
  assert.equal(fault({ everyMs: 1_001 }, 501), '500')
  // 9:00 and 9:10, every day.
  assert.equal(fault({ cron: '0,10 9 * * *' }, 5 * MINUTE), undefined)
  assert.equal(fault({ cron: '0,10 9 * * *' }, DAY), `${5 * MINUTE}`)
  // A day has 23 hours once a year.
  assert.equal(fault({ cron: '0 4 * * *' }, 12 * HOUR, { timezone: 'Europe/Berlin' }), `${11.5 * HOUR}`)
  assert.equal(fault({ at: NOW + HOUR }, DAY), undefined)
  assert.equal(fault({ at: NOW + HOUR }, DAY + 1), `${DAY}`)
  assert.equal(fault({ everyMs: HOUR }, 2 * DAY, { endsAt: NOW + 1.5 * HOUR }), `${DAY}`)
})

test('what was missed is what was to run while no server did, by its jitter', () => {
  const schedule = scheduleOf({ everyMs: HOUR }, 30 * MINUTE, { catchUp: 'none' })
  const ranAt = (hour: number) => runAtOf(schedule, NOW + hour * HOUR, cronCache)
  const after = (since: number, what: Partial<Schedule> = {}) =>
    catchUp({ ...schedule, ...what }, { nextAt: NOW + HOUR, since, cronCache })
  // The third was due before the server came, and is to run after.
  const since = ranAt(3)
  assert.ok(since > NOW + 3 * HOUR)
  assert.deepEqual(after(since), {
    nextAt: NOW + 3 * HOUR,
    skipped: { count: 2, firstAt: NOW + HOUR, lastAt: NOW + 2 * HOUR },
  })
  assert.deepEqual(after(since, { catchUp: 'last' }), {
    nextAt: NOW + 2 * HOUR,
    skipped: { count: 1, firstAt: NOW + HOUR, lastAt: NOW + HOUR },
  })
  // It was to run less than a minute before.
  assert.equal(after(ranAt(3) + MINUTE - 1).nextAt, NOW + 3 * HOUR)
  assert.equal(after(ranAt(3) + MINUTE).nextAt, NOW + 4 * HOUR)
  assert.deepEqual(after(ranAt(1)), { nextAt: NOW + HOUR, skipped: null })
  // What is due by its end runs after it.
  assert.equal(after(since, { endsAt: NOW + 3 * HOUR }).nextAt, NOW + 3 * HOUR)
})

test('runs are planned in the order in which they run, each when it is to run and up to its end', () => {
  const one = scheduleOf({ everyMs: HOUR }, 30 * MINUTE, { id: 'one', startsAt: NOW, endsAt: NOW + 5 * HOUR })
  const other = { ...one, id: 'other' }
  const due = [one, other].map((schedule) => {
    const nextAt = runAtOf(schedule, NOW + HOUR, cronCache)
    return { schedule, revision: 1, nextAt, passedAt: null, frozen: false }
  })
  const seen: [string, number][] = []
  for (let left = due, rounds = 0; left.length > 0; rounds++) {
    assert.ok(rounds < 100, 'it never ends')
    const rules = { until: NOW + DAY, since: 0, limit: 1, maxChars: 1_000 }
    const [plan] = planRuns(left, rules, cronCache)
    const { schedule } = plan!.due
    assert.equal(plan!.runs[0]!.runAt, runAtOf(schedule, plan!.runs[0]!.dueAt, cronCache))
    seen.push([schedule.id, plan!.runs[0]!.dueAt])
    left = left.flatMap((it) => {
      if (it.schedule.id !== schedule.id) return [it]
      return plan!.nextAt === null ? [] : [{ ...it, nextAt: plan!.nextAt }]
    })
  }
  const expected = [one, other]
    .flatMap((schedule) => [1, 2, 3, 4, 5].map((hour) => [schedule, NOW + hour * HOUR] as const))
    .sort(([a, x], [b, y]) => runAtOf(a, x, cronCache) - runAtOf(b, y, cronCache))
  assert.deepEqual(
    seen,
    expected.map(([schedule, dueAt]) => [schedule.id, dueAt]),
  )
})
