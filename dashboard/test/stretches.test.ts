import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stretchesOf, timesOf } from '../src/words/stretches.ts'

const range = { since: 100, until: 200 }

test('changes cut the time into stretches without a gap, and the first is what it was before', () => {
  const stretches = stretchesOf(
    [
      { at: 180, from: 'down', state: 'stable' },
      { at: 150, from: 'stable', state: 'down', message: 'answered 503' },
      { at: 90, from: 'unknown', state: 'stable' },
    ],
    'stable',
    range,
  )
  assert.deepEqual(stretches, [
    { state: 'stable', start: 100, end: 150 },
    { state: 'down', start: 150, end: 180, message: 'answered 503' },
    { state: 'stable', start: 180, end: 200 },
  ])
  assert.deepEqual(timesOf(stretches), [
    ['stable', 70],
    ['down', 30],
  ])
})

test('without a change in that time it was what the last one made it, or what it is', () => {
  const old = { at: 50, from: 'stable', state: 'down', message: 'dns' } as const
  assert.deepEqual(stretchesOf([old], 'stable', range), [{ state: 'down', start: 100, end: 200, message: 'dns' }])
  assert.deepEqual(stretchesOf([], 'unknown', range), [{ state: 'unknown', start: 100, end: 200 }])
})

test('a change that is newer than the end of the time is left for later', () => {
  const late = { at: 201, from: 'stable', state: 'down' } as const
  assert.deepEqual(stretchesOf([late], 'down', range), [{ state: 'down', start: 100, end: 200 }])
})
