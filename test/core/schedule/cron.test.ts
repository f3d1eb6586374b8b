import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronTimes, cronFault } from '../../../src/core/schedule/cron.ts'

test('what croner knows is taken', () => {
  const fine = ['* * * * *', '0 9 * * 1-5', '*/5 0-6/2 1,15 JAN-MAR sun', '0 0 L * *', '0 0 LW * *', '0 0 15W * *']
  for (const text of [
    ...fine,
    '0 0 * * 5#2',
    '0 0 * * FRI#L',
    '0 0 13 * +FRI',
    ' 0  0 1 1 * ',
    '*/10 * * * * *',
    '? ? ? ? ?',
  ]) {
    assert.equal(cronFault(text), null, text)
  }
})

test('a field that is out of range is named, with what it may say', () => {
  const wrong: [string, RegExp][] = [
    ['60 * * * *', /"60" as its minute.*0-59/],
    ['* 24 * * *', /"24" as its hour.*0-23/],
    ['* * 0 * *', /"0" as its day of month.*1-31/],
    ['* * 32 * *', /"32" as its day of month.*1-31/],
    ['* * * 13 *', /"13" as its month.*1-12 or JAN-DEC/],
    ['* * * foo *', /"foo" as its month/],
    ['* * * * 8', /"8" as its day of week.*0-7 or SUN-SAT/],
    ['60 * * * * *', /"60" as its second.*0-59/],
    ['*/0 * * * *', /"\*\/0" as its minute/],
    ['1,,2 * * * *', /"1,,2" as its minute/],
    ['L * * * *', /"L" as its minute/],
    ['* * * * MON#6', /"MON#6" as its day of week/],
    ['1.5 * * * *', /"1.5" as its minute/],
    ['-1 * * * *', /"-1" as its minute/],
  ]
  for (const [text, message] of wrong) assert.match(cronFault(text) ?? '', message, text)
})

test('five fields or six', () => {
  for (const text of ['', ' ', '*', '* * * *', '* * * * * * *', '0 9 * *\u00a0']) {
    assert.match(cronFault(text) ?? '', /5 fields/, text)
  }
  assert.match(cronFault(`${'0,'.repeat(200)}1 * * * *`) ?? '', /at most 256 characters/)
})

test('what can never be is told from what is rare', () => {
  for (const text of ['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 31W 2 *'])
    assert.match(cronFault(text) ?? '', /never occurs/)
  for (const text of ['0 0 29 2 *', '0 0 29 2 +MON', '0 0 31 1,2 *']) assert.equal(cronFault(text), null, text)
})

test('the times of a day are gone through in order, and then those of the next day that is meant', () => {
  const times = new CronTimes('10,50 30 8,20 * * MON')
  const monday = Date.UTC(2026, 10, 23)
  const at = (hour: number, second: number, week = 0) =>
    monday + week * 7 * 86_400_000 + ((hour * 60 + 30) * 60 + second) * 1_000
  const due: number[] = []
  for (let time: number | null = monday - 1; due.length < 6; due.push(time)) time = times.next(time!)!
  assert.deepEqual(due, [at(8, 10), at(8, 50), at(20, 10), at(20, 50), at(8, 10, 1), at(8, 50, 1)])
  // Asked out of order, and between seconds.
  assert.equal(times.next(at(8, 10) - 1), at(8, 10))
  assert.equal(times.next(at(8, 10) + 999), at(8, 50))
  assert.equal(times.next(at(20, 50)), at(8, 10, 1))
})

test('midnight belongs to the day that begins', () => {
  const times = new CronTimes('0 0 * * *')
  const midnight = Date.UTC(2026, 0, 2)
  assert.equal(times.next(midnight - 1), midnight)
  assert.equal(times.next(midnight), midnight + 86_400_000)
})
