import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../src/core/schedule/manual-clock.ts'

test('timers fire at their own times, in order, and those of one time in the order in which they were set', () => {
  const clock = new ManualClock(1_000)
  const fired: [string, number][] = []
  const note = (name: string) => () => void fired.push([name, clock.now])
  clock.after(30, note('third'))
  clock.after(10, note('first'))
  clock.after(10, note('second'))
  clock.after(31, note('too late'))
  while (clock.fireNext(1_030));
  assert.deepEqual(fired, [
    ['first', 1_010],
    ['second', 1_010],
    ['third', 1_030],
  ])
  assert.equal(clock.now, 1_030)
})

test('a timer that is set while another fires counts from that time, and fires in the same jump', () => {
  const clock = new ManualClock(0)
  const fired: number[] = []
  const again = () => {
    fired.push(clock.now)
    if (fired.length < 4) clock.after(10, again)
  }
  clock.after(10, again)
  while (clock.fireNext(35));
  assert.deepEqual([fired, clock.now], [[10, 20, 30], 35])
})

test('a cancelled timer never fires, however many there are and whenever that is', () => {
  const clock = new ManualClock(0)
  let fired = 0
  const cancels = Array.from({ length: 5_000 }, (_, i) => clock.after(i, () => fired++))
  for (const [index, cancel] of cancels.entries()) if (index % 5 > 0) cancel()
  while (clock.fireNext(2_500));
  for (const cancel of cancels) cancel()
  cancels[0]!()
  while (clock.fireNext(5_000));
  assert.equal(fired, 501)
})

test('its horizon is now, and the end of a jump while there is one', () => {
  const clock = new ManualClock(5)
  assert.equal(clock.horizon, 5)
  const arrived = clock.heading(100)
  assert.equal(clock.horizon, 100)
  clock.fireNext(100)
  arrived()
  clock.after(7, () => {})
  assert.deepEqual([clock.horizon, clock.now, clock.hasDue], [100, 100, false])
})

test('timers can be taken off it, in order and with what was left of their time', () => {
  const clock = new ManualClock(0)
  const run = () => {}
  clock.after(20, run)
  clock.after(5, run)()
  clock.after(10, run)
  while (clock.fireNext(4));
  assert.deepEqual(
    clock.takeAll().map(({ delayMs }) => delayMs),
    [6, 16],
  )
  assert.equal(clock.fireNext(100), false)
})
