import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EndingSchedule, overSince } from '../../../src/core/schedule/ended-schedule.ts'

const ENDING: EndingSchedule = { paused: false, endsAt: null, nextAt: null, passedAt: null, at: null }

const cases: [string, Partial<EndingSchedule>, number | null][] = [
  ['one that was due once, and has run', { at: 5, passedAt: 5 }, 5],
  ['one that was due once and was put off before it ran at its former time', { at: 5, passedAt: 9 }, 9],
  ['one that was due once while it was paused', { at: 5 }, 5],
  ['one whose end is there', { endsAt: 7, passedAt: 6 }, 7],
  ['one whose end is there, and that never ran', { endsAt: 7 }, 7],
  ['one that has a due time', { at: 5, nextAt: 5 }, null],
  ['one that has a due time before its end', { endsAt: 7, nextAt: 6 }, null],
  ['one that is paused, whatever it has passed', { at: 5, passedAt: 5, paused: true }, null],
  ['one that is paused past its end', { endsAt: 7, paused: true }, null],
  ['one without an end, whose zone or expression cannot be read', { passedAt: 5 }, null],
]
for (const [what, has, since] of cases) {
  test(`${what} is ${since === null ? 'not over' : `over since ${since}`}`, () => {
    assert.equal(overSince({ ...ENDING, ...has }), since)
  })
}
