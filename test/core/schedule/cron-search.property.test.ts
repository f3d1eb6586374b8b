import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cron } from 'croner'
import fc from 'fast-check'
import { CronTimes, cronFault } from '../../../src/core/schedule/cron.ts'
import { cronFieldsText } from '../../support/cron-arbitrary.ts'

// Croner searches by stepping, and ends its searches in the year 3000.
const START = fc.integer({ min: Date.UTC(1970, 0, 1) / 1000, max: Date.UTC(2400, 0, 1) / 1000 })
const END = Date.UTC(2900, 0, 1)
const RUNS = 3

function cronerOf(text: string): Cron {
  return new Cron(text, { timezone: 'UTC', mode: '6-part', paused: true })
}

test('in UTC, next times are those that croner finds by stepping', () => {
  const property = fc.property(cronFieldsText, START, (text, start) => {
    fc.pre(cronFault(text) === null)
    const times = new CronTimes(text)
    const croner = cronerOf(text)
    let at = start * 1000
    for (let run = 0; run < RUNS; run++) {
      const expected = croner.nextRun(new Date(at))!.getTime()
      assert.equal(times.next(at), expected, `${text} after ${new Date(at).toISOString()}`)
      assert.ok(expected < END)
      at = expected
    }
  })
  fc.assert(property, { seed: 11, numRuns: 400 })
})

test('what never occurs is what croner never finds', () => {
  const rare = fc.tuple(fc.integer({ min: 29, max: 31 }), fc.constantFrom('2', '4', '2,4', '4,6', '1'), fc.nat(6))
  const texts = rare.chain(([day, month, weekday]) =>
    fc.constantFrom(`0 0 ${day} ${month} +${weekday}`, `0 0 ${day} ${month} *`, `0 0 ${day}W ${month} +${weekday}#1`),
  )
  const property = fc.property(texts, (text) => {
    const found = cronerOf(`0 ${text}`).nextRun(new Date(Date.UTC(2000, 0, 1)))
    assert.equal(cronFault(text) === null, found !== null, text)
  })
  fc.assert(property, { seed: 12, numRuns: 150 })
})

test('the previous time is the one from which the next is the time itself', () => {
  const property = fc.property(cronFieldsText, START, fc.nat(999), (text, start, ms) => {
    fc.pre(cronFault(text) === null)
    const times = new CronTimes(text)
    const before = start * 1000 + ms
    const previous = times.previous(before)!
    assert.ok(previous < before)
    const next = times.next(previous)!
    assert.ok(next >= before, `${text}: ${previous} and ${next} both lie before ${before}`)
    assert.equal(times.previous(next), previous)
    assert.equal(times.next(previous - 1), previous)
  })
  fc.assert(property, { seed: 13, numRuns: 2_000 })
})
