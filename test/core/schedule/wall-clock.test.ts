import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../src/core/schedule/manual-clock.ts'
import { WallClock } from '../../../src/core/schedule/wall-clock.ts'

const START = 1_000_000
const HOUR = 3_600_000

function begin() {
  const awake = new ManualClock(START)
  let setBy = 0
  const now = () => awake.now + setBy
  const wall = new WallClock({ now, elapsedMs: () => awake.now, after: (ms, run) => awake.after(ms, run) })
  return {
    wall,
    now,
    set(byMs: number) {
      setBy += byMs
    },
    pass(ms: number) {
      const until = awake.now + ms
      while (awake.fireNext(until));
    },
    get hasTimers() {
      return awake.hasDue || awake.takeAll().length > 0
    },
  }
}

test('a timer comes at its moment, and at once where that is over', () => {
  const { wall, now, pass } = begin()
  const came: number[] = []
  wall.at(START - 5, () => came.push(now()))
  wall.at(START + 5_000, () => came.push(now()))
  pass(0)
  assert.deepEqual(came, [START])
  pass(5_000)
  assert.deepEqual(came, [START, START + 5_000])
})

test('a clock that is set ahead brings what is due within a second', () => {
  const { wall, set, pass } = begin()
  let came = false
  wall.at(START + HOUR, () => {
    came = true
  })
  pass(10_000)
  set(2 * HOUR)
  pass(1_000)
  assert.equal(came, true)
})

test('a clock that is set back brings nothing before its moment', () => {
  const { wall, now, set, pass } = begin()
  let cameAt = 0
  wall.at(START + 5_000, () => {
    cameAt = now()
  })
  set(-HOUR)
  pass(HOUR + 4_999)
  assert.equal(cameAt, 0)
  pass(1)
  assert.equal(cameAt, START + 5_000)
})

test('a clock that is put right bit by bit is followed', () => {
  const { wall, now, set, pass } = begin()
  const leaps: number[] = []
  wall.onLeap((byMs) => leaps.push(byMs))
  let cameAt = 0
  wall.at(START + HOUR, () => {
    cameAt = now()
  })
  for (let second = 0; second < 3_600; second++) {
    set(0.5)
    pass(1_000)
  }
  assert.ok(cameAt >= START + HOUR && cameAt < START + HOUR + 1_000, `at ${cameAt - START}`)
  assert.deepEqual(new Set(leaps), new Set([200]))
})

test('leaps are told before the timers that they bring, and not to those who have left', () => {
  const { wall, set, pass } = begin()
  const told: string[] = []
  const leave = wall.onLeap(() => told.push('left'))
  wall.onLeap((byMs) => told.push(`leap ${byMs}`))
  wall.at(START + HOUR, () => told.push('timer'))
  leave()
  set(2 * HOUR)
  pass(1_000)
  set(-HOUR)
  pass(1_000)
  assert.deepEqual(told, [`leap ${2 * HOUR}`, 'timer', `leap ${-HOUR}`])
})

test('leaps are told in whole milliseconds', () => {
  const clock = new ManualClock(START)
  let setBy = 0
  const deps = { now: () => clock.now + setBy, elapsedMs: () => clock.now + 0.371 * clock.now, watched: false }
  const wall = new WallClock({ ...deps, after: (ms, run) => clock.after(ms, run) })
  const leaps: number[] = []
  wall.onLeap((byMs) => leaps.push(byMs))
  clock.fireNext(START + 777)
  setBy = -HOUR
  wall.compare()
  assert.deepEqual(leaps.map(Number.isInteger), [true])
})

test('a cancelled timer never comes, and where nothing waits nothing is compared', () => {
  const clock = begin()
  let came = false
  const cancel = clock.wall.at(START + HOUR, () => {
    came = true
  })
  cancel()
  clock.set(2 * HOUR)
  clock.pass(2_000)
  assert.equal(came, false)
  assert.equal(clock.hasTimers, false)
})
