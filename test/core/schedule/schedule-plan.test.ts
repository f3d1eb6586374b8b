import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CatchUp, Schedule } from '../../../src/core/schedule/schedule.ts'
import {
  type DueSchedule,
  inPortions,
  type PlanRules,
  planInTurns,
  planRuns,
  separateRuns,
} from '../../../src/core/schedule/schedule-plan.ts'
import { cronCache } from '../../support/cron-cache.ts'

const NOW = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

function due(id: string, everyMs: number, nextAt: number, what: Partial<Schedule> = {}): DueSchedule {
  const place = {
    organizationId: 'o',
    queueId: 'q',
    name: id,
    messageName: null,
    key: null,
    headers: null,
    mediaType: null,
    expiresInMs: null,
  }
  const bounds = { timezone: 'UTC', startsAt: NOW, endsAt: null }
  const rules = { paused: false, catchUp: 'none' as CatchUp, overlap: 'allow' as const, jitterMs: 0 }
  const rest = { data: 'x', ...rules, createdAt: NOW, updatedAt: NOW }
  const schedule = { id, ...place, ...bounds, ...rest, timing: { everyMs }, ...what }
  return { schedule, revision: 1, nextAt, passedAt: null, frozen: false }
}

function plan(all: DueSchedule[], rules: Partial<PlanRules>) {
  const plans = planRuns(all, { until: NOW, since: 0, limit: 1_000, maxChars: 1_000_000, ...rules }, cronCache)
  return plans.map(({ due: { schedule }, runs, nextAt }) => {
    return [
      schedule.id,
      runs.map(({ dueAt }) => (dueAt - NOW) / MINUTE),
      nextAt === null ? null : (nextAt - NOW) / MINUTE,
    ]
  })
}

test('every due time up to now has its run', () => {
  const all = [due('a', MINUTE, NOW + MINUTE), due('b', 2 * MINUTE, NOW + 2 * MINUTE)]
  assert.deepEqual(plan(all, { until: NOW + 4 * MINUTE }), [
    ['a', [1, 2, 3, 4], 5],
    ['b', [2, 4], 6],
  ])
})

test('organizations share the runs of a round, and what one does not need is for the others', () => {
  const of = (organizationId: string, schedules: number, everyMs: number) => ({
    due: Array.from({ length: schedules }, (_, n) => due(`${organizationId}${n}`, everyMs, NOW, { organizationId })),
    until: NOW + 60 * MINUTE,
  })
  const runsOf = (shares: { limit?: number; maxChars?: number }) => {
    const all = [of('greedy', 50, MINUTE), of('one', 1, 90 * MINUTE), of('few', 2, 20 * MINUTE)]
    const rules = { since: 0, limit: 100, maxChars: 1_000_000, ...shares }
    const plans = planInTurns(all, rules, cronCache)
    const count = (id: string) =>
      plans.filter((it) => it.due.schedule.organizationId === id).reduce((sum, it) => sum + it.runs.length, 0)
    return [count('greedy'), count('one'), count('few')]
  }
  assert.deepEqual(runsOf({}), [91, 1, 8])
  assert.deepEqual(runsOf({ limit: 12 }), [5, 1, 6])
  assert.deepEqual(runsOf({ limit: 1 }), [1, 1, 1])
  assert.deepEqual(runsOf({ maxChars: 12 }), [6, 1, 5])
})

test('where not all fit, the earliest come first, over all schedules', () => {
  const all = [
    due('a', MINUTE, NOW + MINUTE),
    due('b', 3 * MINUTE, NOW + 3 * MINUTE),
    due('c', MINUTE, NOW + 60 * MINUTE),
  ]
  const rules = { until: NOW + 100 * MINUTE, limit: 4 }
  const planned = plan(all, rules)
  assert.deepEqual(
    planned.map(([id]) => id),
    ['a', 'b'],
  )
  const times = planned.flatMap(([, times]) => times as number[])
  assert.deepEqual(
    times.toSorted((x, y) => x - y),
    [1, 2, 3, 3],
  )
  // Data counts as well, but for the first of all.
  assert.deepEqual(plan(all, { ...rules, maxChars: 0 }), [['a', [1], 2]])
  assert.deepEqual(plan(all, { ...rules, maxChars: 2 }), [['a', [1, 2], 3]])
})

test('what was missed is passed over, run once, or run all', () => {
  const missed = (catchUp: CatchUp) => [due('a', MINUTE, NOW + MINUTE, { catchUp })]
  const rules = { since: NOW + 5.5 * MINUTE, until: NOW + 7 * MINUTE }
  // The newest is less than a minute past.
  assert.deepEqual(plan(missed('none'), rules), [['a', [5, 6, 7], 8]])
  assert.deepEqual(plan(missed('last'), rules), [['a', [5, 6, 7], 8]])
  assert.deepEqual(plan(missed('all'), rules), [['a', [1, 2, 3, 4, 5, 6, 7], 8]])
  const slow = [due('a', 3 * MINUTE, NOW + 3 * MINUTE, { catchUp: 'none' })]
  assert.deepEqual(plan(slow, { since: NOW + 5.5 * MINUTE, until: NOW + 5.5 * MINUTE }), [['a', [], 6]])
})

test('a schedule that is due once runs however late it is', () => {
  const once = (catchUp: CatchUp) => [due('a', 0, NOW + MINUTE, { timing: { at: NOW + MINUTE }, catchUp })]
  const rules = { since: NOW + 2 * MINUTE, until: NOW + 2 * MINUTE }
  for (const catchUp of ['none', 'last', 'all'] as const)
    assert.deepEqual(plan(once(catchUp), rules), [['a', [1], null]])
})

test('however it is cut into rounds, each due time is planned once and in order', () => {
  const schedules = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), {
    minLength: 1,
    maxLength: 5,
  })
  const property = fc.property(schedules, fc.integer({ min: 1, max: 7 }), (given, limit) => {
    const until = NOW + 40 * MINUTE
    let left = given.map(([period, first], i) => due(`${i}`, period * MINUTE, NOW + first * period * MINUTE))
    const seen = new Map(left.map(({ schedule }) => [schedule.id, [] as number[]]))
    while (left.some(({ nextAt }) => nextAt <= until)) {
      const plans = planRuns(left, { until, since: 0, limit, maxChars: 1_000 }, cronCache)
      assert.ok(plans.reduce((sum, { runs }) => sum + runs.length, 0) <= limit)
      for (const {
        due: { schedule },
        runs,
      } of plans)
        seen.get(schedule.id)!.push(...runs.map(({ dueAt }) => dueAt))
      const next = new Map(plans.map((it) => [it.due.schedule.id, it.nextAt!]))
      left = left.map((it) => ({ ...it, nextAt: next.get(it.schedule.id) ?? it.nextAt }))
    }
    for (const [i, [period, first]] of given.entries()) {
      const all = Array.from({ length: 40 }, (_, n) => (first + n) * period).filter((minute) => minute <= 40)
      assert.deepEqual(
        seen.get(`${i}`),
        all.map((minute) => NOW + minute * MINUTE),
      )
    }
  })
  fc.assert(property, { seed: 5 })
})

test('in portions, runs keep the order of due times, and each plan of a schedule begins where the one before ends', () => {
  const periods = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
  const property = fc.property(periods, fc.integer({ min: 1, max: 12 }), (given, most) => {
    const all = given.map((period, i) => due(`${i}`, period * MINUTE, NOW + period * MINUTE))
    const plans = planRuns(all, { until: NOW + 20 * MINUTE, since: 0, limit: 1_000, maxChars: 1_000_000 }, cronCache)
    const portions = inPortions(plans, most)
    let [last, runs] = [0, 0]
    const nextAt = new Map<string, number | null>(all.map(({ schedule, nextAt: first }) => [schedule.id, first]))
    for (const portion of portions) {
      const times = portion.flatMap((plan) => plan.runs.map(({ dueAt }) => dueAt)).sort((a, b) => a - b)
      assert.ok(times.length >= 1 && times.length <= most)
      assert.ok(times[0]! >= last)
      last = times.at(-1)!
      runs += times.length
      assert.equal(new Set(portion.map((plan) => plan.due.schedule.id)).size, portion.length)
      for (const plan of portion) {
        assert.equal(plan.due.nextAt, nextAt.get(plan.due.schedule.id))
        assert.equal(plan.runs[0]!.dueAt, plan.due.nextAt)
        nextAt.set(plan.due.schedule.id, plan.nextAt)
      }
    }
    assert.equal(runs, plans.flatMap(separateRuns).length)
    for (const plan of plans) assert.equal(nextAt.get(plan.due.schedule.id), plan.nextAt)
  })
  fc.assert(property, { seed: 6 })
})

test('no runs are no portions', () => {
  assert.deepEqual(inPortions([], 5), [])
})
