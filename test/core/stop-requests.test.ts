import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StopRequests } from '../../src/core/stop-requests.ts'

function counted(...heardAt: number[]): number {
  const requests = new StopRequests()
  for (const at of heardAt) requests.heard(at)
  return requests.count
}

test('signals of one second are one request, however many hear and pass them on', () => {
  assert.equal(counted(), 0)
  assert.equal(counted(0), 1)
  assert.equal(counted(50, 50, 51, 700, 1_049), 1)
})

test('a signal a second later is another request, counted from the one that began the last', () => {
  assert.equal(counted(50, 1_050), 2)
  assert.equal(counted(0, 999, 1_000, 1_998, 2_000), 3)
})

test('only the signal that begins a request is told to be one', () => {
  const requests = new StopRequests()
  assert.deepEqual(
    [0, 10, 1_000, 1_500].map((at) => requests.heard(at)),
    [true, false, true, false],
  )
})
