import assert from 'node:assert/strict'
import { test } from 'node:test'
import { msIn, spanOf } from '../src/words/spans.ts'

test('a length of time is read as people type it', () => {
  const read = ['90 s', '15min', '15m', '1 h 30 min', '7d', '1.5 h', '250ms', ' 2 d ']
  assert.deepEqual(read.map(msIn), [90_000, 900_000, 900_000, 5_400_000, 604_800_000, 5_400_000, 250, 172_800_000])
})

test('what is no length of time is none', () => {
  for (const text of ['', '15', 'soon', '15 minutes', '-1 h', 'h', '1 h and', '1e3 s']) assert.equal(msIn(text), null)
})

test('what is shown is read as what it was', () => {
  for (const ms of [0, 1, 999, 1_000, 90_061_001, 5_400_000, 31_622_400_000]) assert.equal(msIn(spanOf(ms)), ms)
})
